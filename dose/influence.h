/// Dose per MU of every beam at every point: sparse, 16 bits per entry.
#pragma once

#include "dose/beam.h"
#include "dose/beam_data.h"
#include "dose/dose_engine.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace sbrt {

/// Sparse matrix [Gy/MU], one column per beam, rows = points; both products have a fixed summation order, so their
/// bytes do not depend on the thread count. Points are stored in blocks of 64, each entry as a 16-bit multiple of a
/// power of two chosen per block and beam: an entry is off by at most 2^-16 of the largest of its beam in the block,
/// and is absent when it is below half of that. Points that are neighbours in space should be neighbours in the list,
/// so that few blocks are cut by a cone's edge. Copies share the columns.
class DoseInfluence {
 public:
  struct Column {
    std::vector<std::uint32_t> rows;  //!< ascending
    std::vector<float> gy_per_mu;     //!< > 0
  };
  DoseInfluence(std::size_t points, const std::vector<Column>& columns);

  std::size_t points() const { return points_; }
  std::size_t beams() const { return columns_.size(); }
  std::size_t entries() const;
  std::size_t bytes() const;
  Column column(std::size_t beam) const;  ///< written out

  /// The matrix of some of the beams, in the given order; nothing is computed or copied.
  DoseInfluence subset(const std::vector<std::size_t>& beams) const;
  /// The matrix with the other's beams behind these. @pre equal points
  DoseInfluence joined(const DoseInfluence& more) const;

  /// d = A x [Gy]
  std::vector<double> dose(const std::vector<double>& weights_mu) const;
  /// g = A^T y
  std::vector<double> transposed_product(const std::vector<double>& y) const;

  class PackedColumn;

 private:
  friend class InfluenceBuilder;
  DoseInfluence(std::vector<std::shared_ptr<const PackedColumn>> columns, std::size_t points);
  std::size_t points_;
  std::vector<std::shared_ptr<const PackedColumn>> columns_;  //!< by beam
};

/// Beams that miss the body give empty columns. Beams of one source share the depths; see DoseOptions for the paths.
/// @throws InputError as compute_dose
DoseInfluence compute_influence(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                const std::vector<PatientPoint>& points, const DoseOptions& options = {},
                                Progress& progress = no_progress);

}  // namespace sbrt
