/// Dose per MU of every beam at every point: sparse, float32.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "dose/dose_engine.h"

#include <cstdint>
#include <vector>

namespace sbrt {

/// Sparse matrix [Gy/MU], one column per beam, rows = points; both products have a fixed summation order.
class DoseInfluence {
 public:
  struct Column {
    std::vector<std::uint32_t> rows;  //!< ascending
    std::vector<float> gy_per_mu;     //!< > 0
  };
  DoseInfluence(std::size_t points, std::vector<Column> columns);

  std::size_t points() const { return points_; }
  std::size_t beams() const { return columns_.size(); }
  std::size_t entries() const;
  const Column& column(std::size_t beam) const { return columns_[beam]; }

  /// d = A x [Gy]
  std::vector<double> dose(const std::vector<double>& weights_mu) const;
  /// g = A^T y
  std::vector<double> transposed_product(const std::vector<double>& y) const;

 private:
  std::size_t points_;
  std::vector<Column> columns_;           //!< by beam
  std::vector<std::uint64_t> row_start_;  //!< by point (same entries, beams ascending)
  std::vector<std::uint32_t> row_beam_;
  std::vector<float> row_value_;
};

DoseInfluence compute_influence(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                const std::vector<PatientPoint>& points, const DoseOptions& options = {},
                                Progress& progress = no_progress);

}  // namespace sbrt
