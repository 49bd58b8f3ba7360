#include "dose/beam_check.h"
#include "dose/beam_groups.h"
#include "dose/folded_tables.h"
#include "dose/influence.h"
#include "dose/packed_column.h"
#include "dose/point_dose.h"
#include "dose/ray_density.h"
#include "dose/row_kernel.h"
#include "dose/water_depth.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>

namespace sbrt {

/// Builds the columns of one group of beams after the other; a group belongs to one thread.
class InfluenceBuilder {
 public:
  InfluenceBuilder(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                   const std::vector<PatientPoint>& points, const DoseOptions& options)
      : beams_(beams),
        density_(density),
        rays_(density),
        tables_(beam_data.tables()),
        points_(points),
        options_(options),
        kernel_(row_kernel(resolve(options.simd))),
        columns_(beams.size()) {
    for (const Beam& b : beams)
      tangent_.push_back(tables_.ocr[tables_.find(b.collimator_mm)].columns.back() / tables_.reference_distance_mm);
  }

  DoseInfluence run(const std::vector<char>& used, Progress& progress) {
    for (auto& c : columns_) c = std::make_shared<Packed>(points_.size());
    const std::vector<BeamGroup> groups = points_.empty() ? std::vector<BeamGroup>{} : group_by_source(beams_, used);
    if (options_.path == DosePath::fast) fold_tables(groups);
    progress.begin("influence", std::int64_t(groups.size()));
    parallel_for(std::int64_t(groups.size()), [&](std::int64_t g) {
      if (options_.path == DosePath::fast)
        add_group_fast(groups[g]);
      else
        add_group_exact(groups[g]);
      progress.advance();
    });
    progress.end();
    for (auto& c : columns_) c->finish();
    return DoseInfluence({columns_.begin(), columns_.end()}, points_.size());
  }

 private:
  using Packed = DoseInfluence::PackedColumn;
  static constexpr int block = Packed::block_points;  //!< points looked at together
  static constexpr float unknown = -1;

  void fold_tables(const std::vector<BeamGroup>& groups) {
    std::map<double, std::pair<double, double>> distances;  // by collimator
    for (const BeamGroup& group : groups) {
      double low = HUGE_VAL, high = 0;
      for (const PatientPoint p : points_) {
        const double d = norm(p - group.source);
        low = std::min(low, d), high = std::max(high, d);
      }
      for (const std::size_t b : group.beams) {
        // Inside a cone z is at least the distance times the cosine of its opening.
        const double nearest = low / std::hypot(1, tangent_[b]);
        auto& range = distances.try_emplace(beams_[b].collimator_mm, nearest, high).first->second;
        range = {std::min(range.first, nearest), std::max(range.second, high)};
      }
    }
    for (const auto& [collimator, range] : distances)
      folded_.try_emplace(collimator, tables_, tables_.find(collimator), std::max(range.first, 1.0),
                          std::max(range.second, 2.0));
  }

  void add_group_exact(const BeamGroup& group) {
    std::vector<double> depth(points_.size(), unknown);  // shared by the group's beams
    for (const std::size_t b : group.beams) {
      const BeamAxis axis(beams_[b]);
      const std::size_t c = tables_.find(beams_[b].collimator_mm);
      for (std::size_t first = 0; first < points_.size(); first += block) {
        Packed::Block values{};
        for (std::size_t p = first; p < std::min(first + block, points_.size()); ++p) {
          const PointInBeam at = locate(axis, points_[p], tables_.reference_distance_mm);
          if (!(at.z_mm > 0) || at.r800_mm > tables_.ocr[c].columns.back()) continue;
          double d;
          if (options_.depth == DepthMode::central_axis) {
            d = water_equivalent_depth_mm(density_, axis.source, axis.source + at.z_mm * axis.direction.vec());
          } else {
            if (depth[p] == unknown) depth[p] = water_equivalent_depth_mm(density_, axis.source, points_[p]);  // (5)
            d = depth[p];
          }
          values[p - first] = float(dose_factors(tables_, c, at, d).gy_per_mu);
        }
        columns_[b]->add_block(first / block, values);
      }
    }
  }

  /// The points as seen from a source, in patient axes.
  struct Seen {
    std::vector<float> x, y, z;
    std::vector<float> depth_mm;
  };
  /// One beam of a group and the blocks of points its cone may hold.
  struct BeamBlocks {
    SourceFrame frame;
    std::vector<std::uint32_t> blocks;
  };

  void add_group_fast(const BeamGroup& group) {
    Seen seen;
    for (const PatientPoint p : points_) {
      const PatientVec d = p - group.source;
      seen.x.push_back(float(d.x)), seen.y.push_back(float(d.y)), seen.z.push_back(float(d.z));
    }
    std::vector<char> needed(points_.size(), 0);
    std::vector<BeamBlocks> beams;
    for (const std::size_t b : group.beams) beams.push_back(find_blocks(b, seen, needed));
    seen.depth_mm.assign(points_.size(), 0.0f);
    if (options_.depth == DepthMode::per_point_ray) trace_depths(group.source, needed, seen.depth_mm);
    for (std::size_t i = 0; i < beams.size(); ++i) add_beam_fast(group.beams[i], beams[i], seen);
  }

  BeamBlocks find_blocks(std::size_t b, const Seen& seen, std::vector<char>& needed) const {
    BeamBlocks beam{{beams_[b].source, beams_[b].aim - beams_[b].source}, {}};
    const float wx = float(beam.frame.w.x), wy = float(beam.frame.w.y), wz = float(beam.frame.w.z);
    // Inside the cone the angle to the axis is small: z^2 >= cos^2 d^2. Rounding must not lose points.
    const float cosine2 = float(1 / (1 + tangent_[b] * tangent_[b]) * (1 - 1e-5));
    for (std::size_t first = 0; first < points_.size(); first += block) {
      const int count = int(std::min<std::size_t>(block, points_.size() - first));
      const float *x = &seen.x[first], *y = &seen.y[first], *z = &seen.z[first];
      char* need = &needed[first];
      std::array<int, block> inside{};
      int any = 0;
      for (int i = 0; i < count; ++i) {
        const float along = wx * x[i] + wy * y[i] + wz * z[i];
        inside[i] = (along > 0) & (along * along >= cosine2 * (x[i] * x[i] + y[i] * y[i] + z[i] * z[i]));
        any |= inside[i];
      }
      if (!any) continue;
      for (int i = 0; i < count; ++i) need[i] = char(need[i] | inside[i]);
      beam.blocks.push_back(std::uint32_t(first / block));
    }
    return beam;
  }

  /// Eq. (5) for every needed point, along its own ray.
  void trace_depths(PatientPoint source, const std::vector<char>& needed, std::vector<float>& depth_mm) const {
    const RayMap map(rays_, source);
    const TickScale whole_path(0, 1);
    RayLanes rays;
    std::array<std::size_t, ray_lanes> traced;
    alignas(64) std::array<float, ray_lanes> depth;
    int lanes = 0;
    const auto trace = [&] {
      for (int lane = lanes; lane < ray_lanes; ++lane) rays.make_idle(lane);
      kernel_.trace(map.values(), rays, depth.data());
      for (int lane = 0; lane < lanes; ++lane) depth_mm[traced[lane]] = depth[lane];
      lanes = 0;
    };
    for (std::size_t p = 0; p < points_.size(); ++p) {
      if (!needed[p]) continue;
      const PatientVec path = points_[p] - source;
      map.prepare(rays, lanes, density_.grid().to_voxel(path), norm(path), 0, 1, whole_path);
      traced[lanes++] = p;
      if (lanes == ray_lanes) trace();
    }
    if (lanes > 0) trace();
  }

  void add_beam_fast(std::size_t b, const BeamBlocks& beam, const Seen& seen) {
    const auto row = [](PatientVec axis, float* out) {
      out[0] = float(axis.x), out[1] = float(axis.y), out[2] = float(axis.z);
    };
    Rotation to_beam;
    row(beam.frame.u, to_beam.x), row(beam.frame.v, to_beam.y), row(beam.frame.w, to_beam.z);
    const FoldedTables::View tables = folded_.at(beams_[b].collimator_mm).view();
    std::array<float, block> axis_depth;
    for (const std::uint32_t number : beam.blocks) {
      const std::size_t first = std::size_t(number) * block;
      const int count = int(std::min<std::size_t>(block, points_.size() - first));
      const float *x = &seen.x[first], *y = &seen.y[first], *z = &seen.z[first], *depth = &seen.depth_mm[first];
      if (options_.depth == DepthMode::central_axis) {
        for (int i = 0; i < count; ++i) {
          const double along = to_beam.z[0] * x[i] + to_beam.z[1] * y[i] + to_beam.z[2] * z[i];
          axis_depth[i] =
              float(water_equivalent_depth_mm(density_, beam.frame.source, beam.frame.source + along * beam.frame.w));
        }
        depth = axis_depth.data();
      }
      Packed::Block dose{};
      kernel_.dose_at(tables, to_beam, {x, y, z}, count, depth, dose.data());
      columns_[b]->add_block(number, dose);
    }
  }

  const BeamSet& beams_;
  const DensityMap& density_;
  RayDensity rays_;
  const BeamData::Tables& tables_;
  const std::vector<PatientPoint>& points_;
  DoseOptions options_;
  const RowKernel& kernel_;
  std::vector<double> tangent_;            //!< of the largest radius, by beam
  std::map<double, FoldedTables> folded_;  //!< by collimator
  std::vector<std::shared_ptr<Packed>> columns_;
};

DoseInfluence compute_influence(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                const std::vector<PatientPoint>& points, const DoseOptions& options,
                                Progress& progress) {
  require_valid_beams(beams, density, beam_data);
  for (const PatientPoint p : points) SBRT_EXPECT(is_finite(p));
  const BodyHits hits = find_beams_that_meet_body(beams, density, beam_data);
  return InfluenceBuilder(beams, density, beam_data, points, options).run(hits.meets, progress);
}

}  // namespace sbrt
