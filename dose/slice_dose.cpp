#include "dose/slice_dose.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

DepthRange take_axis_depth(const PreparedBeam& beam, const DoseRow& row, float dz, float* depth_mm) {
  for (int i = 0; i < row.count; ++i) {
    const double position = double(row.z + float(i) * dz) / axis_step_mm;
    const std::size_t low = std::min(std::size_t(std::max(position, 0.0)), beam.axis_depth_mm.size() - 2);
    const double f = position - double(low);
    depth_mm[i] = float(beam.axis_depth_mm[low] + f * (beam.axis_depth_mm[low + 1] - beam.axis_depth_mm[low]));
  }
  return {*std::min_element(depth_mm, depth_mm + row.count), *std::max_element(depth_mm, depth_mm + row.count)};
}

/// Looks at single points only where a row as a whole can leave a table.
/// @param range of depths that the row's do not leave
void count_clamped(const FoldedTables& t, const DoseRow& row, Step step, DepthRange range, DoseValidity& count) {
  const float z_first = row.z, z_last = row.z + float(row.count - 1) * step.z;
  const double z_low = std::min(z_first, z_last), z_high = std::max(z_first, z_last);
  const bool depth_leaves = range.high > t.depth_high_mm || range.low < t.depth_low_mm;
  const bool field_leaves = z_low < t.z_low_of_field_mm || z_high > t.z_high_of_field_mm;
  const bool distance_leaves = z_low < t.z_low_of_distance_mm || z_high > t.z_high_of_distance_mm;
  if (!depth_leaves && !field_leaves && !distance_leaves) return;
  const double reach = t.reach_mm() / t.view().reference_distance_mm;
  for (int i = 0; i < row.count; ++i) {
    const double x = row.x + float(i) * step.x, y = row.y + float(i) * step.y, z = row.z + float(i) * step.z;
    if (!(x * x + y * y <= reach * reach * z * z)) continue;
    count.depth_clamped += row.depth_mm[i] > t.depth_high_mm || row.depth_mm[i] < t.depth_low_mm;
    count.field_clamped += z < t.z_low_of_field_mm || z > t.z_high_of_field_mm;
    count.distance_clamped += z < t.z_low_of_distance_mm || z > t.z_high_of_distance_mm;
  }
}

}  // namespace

void SliceDose::add(const PreparedGroup& group, const SliceSpan& span, DoseValidity& count) {
  const std::size_t beams = group.beams.size();
  cones_.clear(), rows_of_.clear();
  IndexRange rows{span.rows, 0};
  for (int k = span.first; k < span.first + span.count; ++k)
    for (const PreparedBeam& beam : group.beams) {
      cones_.push_back(beam.cone.slice(k));
      const IndexRange r = rows_of_.emplace_back(cones_.back().rows());
      if (!r.empty()) rows = {std::min(rows.begin, r.begin), std::max(rows.end, r.end)};
    }
  for (int row = rows.begin; row < rows.end; row += rows_in_tile) {
    gather_lines(group, span, row, std::min(row + rows_in_tile, rows.end));
    if (lines_.empty()) continue;
    const DepthRange range = group.fan ? find_depths(group) : DepthRange{};
    for (std::size_t b = 0; b < beams; ++b) add_beam(group, b, span, range, count);
  }
}

/// The voxels of each row that some beam's cone holds, and room for their depths.
void SliceDose::gather_lines(const PreparedGroup& group, const SliceSpan& span, int first_row, int end_row) {
  const std::size_t beams = group.beams.size();
  lines_.clear(), voxels_of_.clear();
  std::size_t depths = 0;
  for (int row = first_row; row < end_row; ++row)
    for (int k = span.first; k < span.first + span.count; ++k) {
      if (group.fan && !group.fan->covers(group.face.normal == 2 ? k : row)) continue;  // behind the source
      IndexRange joint{span.row_voxels, 0};
      const ConeSlice* cones = &cones_[std::size_t(k - span.first) * beams];
      const IndexRange* rows = &rows_of_[std::size_t(k - span.first) * beams];
      for (std::size_t b = 0; b < beams; ++b) {
        const bool meets = row >= rows[b].begin && row < rows[b].end;
        const IndexRange voxels = meets ? cones[b].voxels(row) : IndexRange{};
        voxels_of_.push_back(voxels);
        if (!voxels.empty()) joint = {std::min(joint.begin, voxels.begin), std::max(joint.end, voxels.end)};
      }
      if (joint.empty()) {
        voxels_of_.resize(voxels_of_.size() - beams);
        continue;
      }
      lines_.push_back({row, k, joint, nullptr});
      depths += std::size_t(padded(joint.end - joint.begin));
    }
  if (depth_mm_.size() < depths + std::size_t(padded(1))) depth_mm_.resize(2 * depths + std::size_t(padded(1)));
  float* at = depth_mm_.data();
  for (Line& line : lines_) {
    line.depth_mm = at;
    at += padded(line.voxels.end - line.voxels.begin);
  }
}

DepthRange SliceDose::find_depths(const PreparedGroup& group) {
  const bool by_slice = group.face.normal == 2;
  depth_rows_.clear();
  for (const Line& line : lines_) {
    const int points = line.voxels.end - line.voxels.begin;
    depth_rows_.push_back(
        {group.fan->line(by_slice ? line.slice : line.row, by_slice ? line.row : line.slice, line.voxels.begin), points,
         line.depth_mm, false});
  }
  DepthRange range = kernel_.depth(depth_rows_.data(), int(depth_rows_.size()), retrace_.shallow_mm);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!depth_rows_[i].shallow && !at_edges_) continue;
    const Line& line = lines_[i];
    group.fan->retrace(by_slice ? line.slice : line.row, by_slice ? line.row : line.slice, line.voxels.begin,
                       line.voxels.end, retrace_, kernel_, line.depth_mm);
    const auto [low, high] = std::minmax_element(line.depth_mm, line.depth_mm + depth_rows_[i].count);
    range.low = std::min(range.low, *low), range.high = std::max(range.high, *high);
  }
  return range;
}

void SliceDose::add_beam(const PreparedGroup& group, std::size_t b, const SliceSpan& span, DepthRange range,
                         DoseValidity& count) {
  const PreparedBeam& beam = group.beams[b];
  const Step step = beam.grid.step();
  dose_rows_.clear();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const IndexRange voxels = voxels_of_[i * group.beams.size() + b];
    if (voxels.empty()) continue;
    const Line& line = lines_[i];
    const GridInFrame::V first = beam.grid.at(voxels.begin, line.row, line.slice);
    float* const dose = span.row(line.row, line.slice) + voxels.begin;
    float* const depth_mm = line.depth_mm + (voxels.begin - line.voxels.begin);
    dose_rows_.push_back({float(first[0]), float(first[1]), float(first[2]), voxels.end - voxels.begin, depth_mm, dose,
                          span.end() - dose});
    if (!beam.axis_depth_mm.empty()) {
      const DepthRange of_row = take_axis_depth(beam, dose_rows_.back(), step.z, depth_mm);
      if (dose_rows_.size() == 1) range = of_row;
      range = {std::min(range.low, of_row.low), std::max(range.high, of_row.high)};
    }
  }
  count.points_total += kernel_.add_dose(beam.view, dose_rows_.data(), int(dose_rows_.size()), step, beam.weight_mu);
  for (const DoseRow& row : dose_rows_) count_clamped(*beam.tables, row, step, range, count);
}

}  // namespace sbrt
