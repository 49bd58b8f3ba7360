#include "dose/fast_dose.h"

#include "dose/slice_dose.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

namespace sbrt {
namespace {

constexpr std::size_t fan_values_at_once = std::size_t(4) << 20;
constexpr int slices_per_task = 4;  // read the same part of a fan while it is in the cache

/// Distances along the direction at which the grid lies.
std::pair<double, double> distances_of(const GridInFrame& grid, GridSize n) {
  double low = HUGE_VAL, high = 0;
  for (int corner = 0; corner < 8; ++corner) {
    const double z = grid.at(corner & 1 ? n.nx - 1 : 0, corner & 2 ? n.ny - 1 : 0, corner & 4 ? n.nz - 1 : 0)[2];
    low = std::min(low, z), high = std::max(high, z);
  }
  return {std::max(low, 1.0), std::max(high, 2.0)};
}

/// Errors of single fans average out over many beams; a plan of few beams gets finer fans for about the same time, and
/// exact depths behind density edges.
struct Fineness {
  double cell_mm;
  DepthFan::Retrace retrace;
  bool at_edges;
};
Fineness fineness_for(std::size_t groups) {
  constexpr double widest_mm = 3, finest_mm = 0.5, enough = 40;
  // Up to here the dose rises so steeply that the fan's depth is replaced by an exact one.
  constexpr float shallow_mm = 6, shallow_of_few_mm = 10;
  // Depth error of one beam that costs 0.2 % to 0.4 % of its dose; in a plan, of the maximum, that falls with the root
  // of the number of beams.
  constexpr double spread_of_one_mm = 0.8;
  const double few = std::sqrt(double(groups) / enough);
  const bool at_edges = double(groups) < enough;
  return {std::clamp(widest_mm * few, finest_mm, widest_mm),
          {at_edges ? shallow_of_few_mm : shallow_mm,
           at_edges ? float(spread_of_one_mm * std::sqrt(double(groups))) : HUGE_VALF},
          at_edges};
}

class FastDose {
 public:
  FastDose(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data, const Grid& grid,
           const DoseOptions& options)
      : beams_(beams),
        density_(density),
        rays_(density),
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
    std::vector<BeamGroup> groups = group_by_source_and_face(beams_, used, grid_);
    // Few batches then need transposed slices.
    std::stable_partition(groups.begin(), groups.end(), [](const BeamGroup& g) { return g.face.normal == 0; });
    fold_tables(used);
    fineness_ = fineness_for(groups.size());
    progress.begin("dose", std::int64_t(groups.size()));
    for (std::size_t next = 0; next < groups.size();) {
      const std::size_t first = next;
      std::vector<PreparedGroup> batch;
      std::size_t values = 0;
      while (next < groups.size() && values < fan_values_at_once) {
        batch.push_back(prepare(groups[next++]));
        if (batch.back().fan) values += batch.back().fan->values();
      }
      build_fans(batch, values);
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
    PreparedGroup prepared{group.face, {}, std::nullopt};
    GridSize size = grid_.size();
    if (prepared.swapped()) std::swap(size.nx, size.ny);
    std::vector<BeamCone> cones;
    for (const std::size_t b : group.beams) {
      const SourceFrame frame(beams_[b].source, beams_[b].aim - beams_[b].source);
      const GridInFrame in_beam(grid_, frame, prepared.swapped());
      prepared.beams.push_back({in_beam,
                                ConeRows(in_beam, size, tangent_[b]),
                                folded_.at(beams_[b].collimator_mm),
                                folded_.at(beams_[b].collimator_mm)->view(),
                                float(beams_[b].weight_mu),
                                {}});
      cones.push_back({frame.w, tangent_[b]});
      if (options_.depth == DepthMode::central_axis) {
        auto& depth = prepared.beams.back().axis_depth_mm;
        depth.resize(std::size_t(distances_of(in_beam, size).second / axis_step_mm) + 3);
        sample_depths(density_, beams_[b].source, frame.w, 0, axis_step_mm, int(depth.size()), depth.data());
      }
    }
    if (options_.depth == DepthMode::per_point_ray)
      prepared.fan = DepthFan::over(grid_, group.source, group.face, cones, rays_, fineness_.cell_mm);
    return prepared;
  }

  void build_fans(std::vector<PreparedGroup>& batch, std::size_t values) {
    float* at = fan_memory_.at_least(std::max(values, fan_values_at_once * 3 / 2));
    for (PreparedGroup& g : batch)
      if (g.fan) {
        g.fan->store_at(at);
        at += g.fan->values();
      }
    std::vector<std::pair<DepthFan*, int>> rows;
    for (PreparedGroup& g : batch)
      for (int row = 0; g.fan && row < g.fan->rows(); ++row) rows.emplace_back(&*g.fan, row);
    parallel_for_blocks(std::int64_t(rows.size()), 4, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) rows[i].first->build_row(rows[i].second, kernel_);
    });
  }

  void add_dose_of(const std::vector<PreparedGroup>& batch) {
    const GridSize n = grid_.size();
    const bool some_swapped = std::any_of(batch.begin(), batch.end(), [](const auto& g) { return g.swapped(); });
    const std::size_t slice_values = std::size_t(n.nx) * n.ny;
    std::vector<DoseValidity> counts((n.nz + slices_per_task - 1) / slices_per_task);
    parallel_for_blocks(n.nz, slices_per_task, [&](std::int64_t begin, std::int64_t end) {
      const int first = int(begin), slices = int(end - begin);
      std::vector<float> transposed(some_swapped ? slice_values * std::size_t(slices) : 0, 0.0f);
      float* dose = &result_.dose.values()[grid_.index(0, 0, first)];
      SliceDose slice_dose(kernel_, fineness_.retrace, fineness_.at_edges);
      for (const PreparedGroup& group : batch) {
        if (!group.fan && options_.depth == DepthMode::per_point_ray) continue;
        slice_dose.add(group,
                       group.swapped() ? SliceSpan{first, slices, n.ny, n.nx, transposed.data()}
                                       : SliceSpan{first, slices, n.nx, n.ny, dose},
                       counts[begin / slices_per_task]);
      }
      for (std::size_t at = 0; at < transposed.size(); at += slice_values)
        add_transposed(&transposed[at], n, &dose[at]);
    });
    for (const DoseValidity& c : counts) {
      result_.validity.points_total += c.points_total;
      result_.validity.depth_clamped += c.depth_clamped;
      result_.validity.field_clamped += c.field_clamped;
      result_.validity.distance_clamped += c.distance_clamped;
    }
  }

  static void add_transposed(const float* slice, GridSize n, float* dose) {
    constexpr int tile = 16;
    for (int j0 = 0; j0 < n.ny; j0 += tile)
      for (int i = 0; i < n.nx; ++i)
        for (int j = j0; j < std::min(j0 + tile, n.ny); ++j)
          dose[std::size_t(j) * n.nx + i] += slice[std::size_t(i) * n.ny + j];
  }

  const BeamSet& beams_;
  const DensityMap& density_;
  RayDensity rays_;
  const BeamData::Tables& tables_;
  const Grid& grid_;
  DoseOptions options_;
  Fineness fineness_{};
  LargeArray<float> fan_memory_;  //!< of one batch
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
