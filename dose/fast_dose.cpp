#include "dose/fast_dose.h"

#include "dose/cone_rows.h"
#include "dose/depth_fan.h"
#include "dose/folded_tables.h"
#include "dose/row_kernel.h"
#include "dose/water_depth.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

namespace sbrt {
namespace {

constexpr std::size_t fan_bytes_at_once = std::size_t(128) << 20;
constexpr int rows_per_task = 16;
constexpr float shallow_mm =
    10;  // up to here the dose rises so steeply that the fan's depth is replaced by an exact one
constexpr double axis_step_mm = 0.5;  // of the depth along the axis in central-axis mode

/// Everything of one beam that the row loop needs.
struct PreparedBeam {
  GridInFrame grid;
  ConeRows cone;
  std::shared_ptr<const FoldedTables> tables;
  float weight_mu;
  std::vector<float> axis_depth_mm;  //!< every axis_step_mm from the source, central-axis mode only
};

struct PreparedGroup {
  PatientPoint source;
  GridInFrame grid;
  std::vector<PreparedBeam> beams;
  std::unique_ptr<DepthFan> fan;  //!< null when no part of the region is seen, or in central-axis mode
};

/// Distances along the direction at which the grid lies.
std::pair<double, double> distances_of(const GridInFrame& grid, GridSize n) {
  double low = HUGE_VAL, high = 0;
  for (int corner = 0; corner < 8; ++corner) {
    const double z = grid.at(corner & 1 ? n.nx - 1 : 0, corner & 2 ? n.ny - 1 : 0, corner & 4 ? n.nz - 1 : 0)[2];
    low = std::min(low, z), high = std::max(high, z);
  }
  return {std::max(low, 1.0), std::max(high, 2.0)};
}

/// Errors of single fans average out over many beams; a plan of few beams gets finer fans for about the same time.
FanSpacing spacing_for(std::size_t groups) {
  FanSpacing spacing;
  spacing.cell_mm = std::clamp(spacing.cell_mm * std::sqrt(double(groups) / 40), 1.0, spacing.cell_mm);
  spacing.plane_mm = std::min(spacing.plane_mm, spacing.cell_mm);
  return spacing;
}

class FastDose {
 public:
  FastDose(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data, const Grid& grid,
           const DoseOptions& options)
      : beams_(beams),
        density_(density),
        tables_(beam_data.tables()),
        grid_(grid),
        options_(options),
        simd_(resolve(options.simd)),
        kernel_(row_kernel(simd_)),
        result_{DoseGrid(grid), {}, std::string("fast/") + to_string(simd_), {}} {
    tangent_.resize(beams.size());
    for (std::size_t b = 0; b < beams.size(); ++b)
      tangent_[b] = tables_.ocr[tables_.find(beams[b].collimator_mm)].columns.back() / tables_.reference_distance_mm;
  }

  DoseResult run(const std::vector<char>& used, Progress& progress) {
    const std::vector<BeamGroup> groups = group_by_source(beams_, used);
    fold_tables(used);
    spacing_ = spacing_for(groups.size());
    progress.begin("dose", std::int64_t(groups.size()));
    for (std::size_t next = 0; next < groups.size();) {
      const std::size_t first = next;
      std::vector<PreparedGroup> batch;
      std::size_t bytes = 0;
      while (next < groups.size() && bytes < fan_bytes_at_once) {
        batch.push_back(prepare(groups[next++]));
        if (batch.back().fan) bytes += batch.back().fan->bytes();
      }
      build_fans(batch);
      add_dose_of(batch);
      progress.advance(std::int64_t(next - first));
    }
    progress.end();
    return std::move(result_);
  }

 private:
  void fold_tables(const std::vector<char>& used) {
    std::map<double, std::pair<double, double>> distances;  // by collimator
    for (std::size_t b = 0; b < beams_.size(); ++b) {
      if (!used[b]) continue;
      const auto [low, high] =
          distances_of({grid_, SourceFrame(beams_[b].source, beams_[b].aim - beams_[b].source)}, grid_.size());
      auto& range = distances.try_emplace(beams_[b].collimator_mm, low, high).first->second;
      range = {std::min(range.first, low), std::max(range.second, high)};
    }
    for (const auto& [collimator, range] : distances)
      folded_[collimator] =
          std::make_shared<const FoldedTables>(tables_, tables_.find(collimator), range.first, range.second);
  }

  PreparedGroup prepare(const BeamGroup& group) const {
    PreparedGroup prepared{group.frame.source, {grid_, group.frame}, {}, nullptr};
    for (const std::size_t b : group.beams) {
      const GridInFrame in_beam(grid_, SourceFrame(beams_[b].source, beams_[b].aim - beams_[b].source));
      prepared.beams.push_back({in_beam,
                                ConeRows(in_beam, grid_.size(), tangent_[b]),
                                folded_.at(beams_[b].collimator_mm),
                                float(beams_[b].weight_mu),
                                {}});
      if (options_.depth == DepthMode::central_axis) {
        auto& depth = prepared.beams.back().axis_depth_mm;
        depth.resize(std::size_t(distances_of(in_beam, grid_.size()).second / axis_step_mm) + 3);
        sample_depths(density_, beams_[b].source, Direction<Patient>(beams_[b].aim - beams_[b].source), 0, axis_step_mm,
                      int(depth.size()), depth.data());
      }
    }
    if (options_.depth == DepthMode::per_point_ray) {
      const FanExtent extent = extent_of(group, beams_, tangent_, grid_.bounding_box(), density_);
      if (!extent.empty) prepared.fan = std::make_unique<DepthFan>(group.frame, extent, spacing_);
    }
    return prepared;
  }

  void build_fans(std::vector<PreparedGroup>& batch) const {
    std::vector<std::pair<DepthFan*, int>> rows;
    for (PreparedGroup& g : batch)
      for (int row = 0; g.fan && row < g.fan->rows(); ++row) rows.emplace_back(g.fan.get(), row);
    parallel_for_blocks(std::int64_t(rows.size()), 4, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) rows[i].first->build_row(rows[i].second, density_);
    });
  }

  void add_dose_of(const std::vector<PreparedGroup>& batch) {
    const GridSize n = grid_.size();
    const int blocks = (n.ny + rows_per_task - 1) / rows_per_task;
    std::vector<DoseValidity> counts(std::size_t(n.nz) * blocks);
    parallel_for(std::int64_t(counts.size()), [&](std::int64_t task) {
      const int k = int(task / blocks), j_begin = int(task % blocks) * rows_per_task;
      const IndexRange rows{j_begin, std::min(j_begin + rows_per_task, n.ny)};
      std::vector<float> depth(n.nx);
      for (const PreparedGroup& group : batch)
        if (group.fan || options_.depth == DepthMode::central_axis)
          add_group(group, rows, k, depth.data(), counts[task]);
    });
    for (const DoseValidity& c : counts) {
      result_.validity.points_total += c.points_total;
      result_.validity.depth_clamped += c.depth_clamped;
      result_.validity.field_clamped += c.field_clamped;
      result_.validity.distance_clamped += c.distance_clamped;
    }
  }

  void add_group(const PreparedGroup& group, IndexRange rows, int k, float* depth, DoseValidity& count) {
    const std::size_t beams = group.beams.size();
    std::vector<IndexRange> rows_of(beams), voxels_of(beams);
    for (std::size_t b = 0; b < beams; ++b) rows_of[b] = group.beams[b].cone.rows_of_slice(k);
    for (int j = rows.begin; j < rows.end; ++j) {
      IndexRange joint{grid_.size().nx, 0};
      for (std::size_t b = 0; b < beams; ++b) {
        voxels_of[b] =
            j >= rows_of[b].begin && j < rows_of[b].end ? group.beams[b].cone.voxels_of_row(j, k) : IndexRange{};
        if (voxels_of[b].empty()) continue;
        joint = {std::min(joint.begin, voxels_of[b].begin), std::max(joint.end, voxels_of[b].end)};
      }
      if (joint.empty()) continue;
      if (group.fan) {
        kernel_.depth(group.fan->view(), group.grid.row_from(joint.begin, j, k), joint.end - joint.begin,
                      depth + joint.begin);
        for (int i = joint.begin; i < joint.end; ++i)
          if (depth[i] > 0 && depth[i] < shallow_mm)
            depth[i] = float(water_equivalent_depth_mm(density_, group.source, grid_.voxel_centre(i, j, k)));
      }
      for (std::size_t b = 0; b < beams; ++b)
        if (!voxels_of[b].empty()) add_beam(group.beams[b], voxels_of[b], j, k, depth, count);
    }
  }

  void add_beam(const PreparedBeam& beam, IndexRange voxels, int j, int k, float* depth, DoseValidity& count) {
    const LineOfPoints line = beam.grid.row_from(voxels.begin, j, k);
    const int points = voxels.end - voxels.begin;
    if (!beam.axis_depth_mm.empty()) take_axis_depth(beam, line, points, depth + voxels.begin);
    float* dose = &result_.dose.values()[grid_.index(voxels.begin, j, k)];
    count.points_total +=
        kernel_.add_dose(beam.tables->view(), line, points, depth + voxels.begin, beam.weight_mu, dose);
    count_clamped(*beam.tables, line, points, depth + voxels.begin, count);
  }

  static void take_axis_depth(const PreparedBeam& beam, LineOfPoints line, int points, float* depth) {
    for (int i = 0; i < points; ++i) {
      const double position = double(line.z + float(i) * line.dz) / axis_step_mm;
      const std::size_t low = std::min(std::size_t(std::max(position, 0.0)), beam.axis_depth_mm.size() - 2);
      const double f = position - double(low);
      depth[i] = float(beam.axis_depth_mm[low] + f * (beam.axis_depth_mm[low + 1] - beam.axis_depth_mm[low]));
    }
  }

  /// Looks at single points only where the row as a whole can leave a table.
  static void count_clamped(const FoldedTables& t, LineOfPoints line, int points, const float* depth,
                            DoseValidity& count) {
    const float z_first = line.z, z_last = line.z + float(points - 1) * line.dz;
    const double z_low = std::min(z_first, z_last), z_high = std::max(z_first, z_last);
    float deepest = 0, shallowest = HUGE_VALF;
    for (int i = 0; i < points; ++i) deepest = std::max(deepest, depth[i]), shallowest = std::min(shallowest, depth[i]);
    const bool depth_leaves = deepest > t.depth_high_mm || shallowest < t.depth_low_mm;
    const bool field_leaves = z_low < t.z_low_of_field_mm || z_high > t.z_high_of_field_mm;
    const bool distance_leaves = z_low < t.z_low_of_distance_mm || z_high > t.z_high_of_distance_mm;
    if (!depth_leaves && !field_leaves && !distance_leaves) return;
    const double reach = t.reach_mm() / t.view().reference_distance_mm;
    for (int i = 0; i < points; ++i) {
      const double x = line.x + float(i) * line.dx, y = line.y + float(i) * line.dy, z = line.z + float(i) * line.dz;
      if (!(x * x + y * y <= reach * reach * z * z)) continue;
      count.depth_clamped += depth[i] > t.depth_high_mm || depth[i] < t.depth_low_mm;
      count.field_clamped += z < t.z_low_of_field_mm || z > t.z_high_of_field_mm;
      count.distance_clamped += z < t.z_low_of_distance_mm || z > t.z_high_of_distance_mm;
    }
  }

  const BeamSet& beams_;
  const DensityMap& density_;
  const BeamData::Tables& tables_;
  const Grid& grid_;
  DoseOptions options_;
  FanSpacing spacing_;
  SimdPath simd_;
  const RowKernel& kernel_;
  DoseResult result_;
  std::vector<double> tangent_;                                   //!< of the largest radius, by beam
  std::map<double, std::shared_ptr<const FoldedTables>> folded_;  //!< by collimator
};

}  // namespace

DoseResult compute_dose_fast(const BeamSet& beams, const std::vector<char>& used, const DensityMap& density,
                             const BeamData& beam_data, const Grid& dose_grid, const DoseOptions& options,
                             Progress& progress) {
  std::vector<char> weighted = used;
  for (std::size_t b = 0; b < beams.size(); ++b) weighted[b] = used[b] && beams[b].weight_mu > 0;
  return FastDose(beams, density, beam_data, dose_grid, options).run(weighted, progress);
}

}  // namespace sbrt
