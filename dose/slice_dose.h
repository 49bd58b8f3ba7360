/// Adds the dose of beams that share a source to a few neighbouring slices of the grid.
#pragma once

#include "dose/cone_rows.h"
#include "dose/depth_fan.h"
#include "dose/dose_engine.h"
#include "dose/folded_tables.h"
#include "dose/row_kernel.h"

#include <memory>
#include <optional>
#include <vector>

namespace sbrt {

constexpr double axis_step_mm = 0.5;  //!< of the depth along a beam's axis in central-axis mode

/// Everything of one beam that the row loop needs.
struct PreparedBeam {
  GridInFrame grid;
  ConeRows cone;
  std::shared_ptr<const FoldedTables> tables;
  FoldedTables::View view;  //!< of the tables
  float weight_mu;
  std::vector<float> axis_depth_mm;  //!< every axis_step_mm from the source, central-axis mode only
};

struct PreparedGroup {
  GridFace face;
  std::vector<PreparedBeam> beams;
  std::optional<DepthFan> fan;  //!< none where no part of the grid is seen, or in central-axis mode
  /// Rows run along the grid's j, because its planes are those of constant i.
  bool swapped() const { return face.normal == 0; }
};

/// Slices first, first + 1, ... of the grid, or their transposes.
struct SliceSpan {
  int first, count, row_voxels, rows;
  float* dose;  //!< slice after slice

  std::size_t slice_values() const { return std::size_t(row_voxels) * std::size_t(rows); }
  float* row(int j, int k) const {
    return dose + std::size_t(k - first) * slice_values() + std::size_t(j) * std::size_t(row_voxels);
  }
  const float* end() const { return dose + slice_values() * std::size_t(count); }
};

/// Rows are taken in tiles: a few rows of all slices of the span, so that the lines of a fan between which they lie are
/// still in the nearest cache, and a kernel has work enough to begin a row before it has ended the last.
class SliceDose {
 public:
  /// @param at_edges depths behind density edges are exact too, not the shallow ones only
  SliceDose(const RowKernel& kernel, DepthFan::Retrace retrace, bool at_edges)
      : kernel_(kernel), retrace_(retrace), at_edges_(at_edges) {}

  /// Points outside a beam's tables are counted in `count`.
  void add(const PreparedGroup& group, const SliceSpan& span, DoseValidity& count);

 private:
  static constexpr int rows_in_tile = 4;  // of each slice
  struct Line {
    int row, slice;
    IndexRange voxels;
    float* depth_mm;  //!< of the first of `voxels`
  };
  void gather_lines(const PreparedGroup& group, const SliceSpan& span, int first_row, int end_row);
  DepthRange find_depths(const PreparedGroup& group);
  void add_beam(const PreparedGroup& group, std::size_t beam, const SliceSpan& span, DepthRange range,
                DoseValidity& count);

  const RowKernel& kernel_;
  DepthFan::Retrace retrace_;
  bool at_edges_;
  std::vector<ConeSlice> cones_;       //!< [slice of the span][beam]
  std::vector<IndexRange> rows_of_;    //!< likewise
  std::vector<Line> lines_;            //!< of the tile
  std::vector<IndexRange> voxels_of_;  //!< [line][beam]
  std::vector<DepthRow> depth_rows_;
  std::vector<DoseRow> dose_rows_;
  std::vector<float> depth_mm_;
};

}  // namespace sbrt
