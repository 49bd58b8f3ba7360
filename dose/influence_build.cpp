#include "dose/beam_check.h"
#include "dose/folded_tables.h"
#include "dose/influence.h"
#include "dose/packed_column.h"
#include "dose/point_dose.h"
#include "dose/row_kernel.h"
#include "dose/water_depth.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

namespace sbrt {

/// Builds the columns of one group of beams after the other; a group belongs to one thread.
class InfluenceBuilder {
 public:
  InfluenceBuilder(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                   const std::vector<PatientPoint>& points, const DoseOptions& options)
      : beams_(beams),
        density_(density),
        tables_(beam_data.tables()),
        points_(points),
        options_(options),
        kernel_(row_kernel(resolve(options.simd))),
        columns_(beams.size()) {
    for (const PatientPoint p : points) region_.add(p);
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
  static constexpr int block = 64;         //!< points looked at together
  static constexpr float shallow_mm = 10;  //!< as on the forward path: exact depth where the dose rises steeply
  static constexpr float unknown = -1;

  void fold_tables(const std::vector<BeamGroup>& groups) {
    std::map<double, std::pair<double, double>> distances;  // by collimator
    for (const BeamGroup& group : groups) {
      double low = HUGE_VAL, high = 0;
      for (const PatientPoint p : points_) {
        const double d = norm(p - group.frame.source);
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

  double depth_at(PatientPoint source, std::size_t point) const {
    return water_equivalent_depth_mm(density_, source, points_[point]);  // (5)
  }

  void add_group_exact(const BeamGroup& group) {
    std::vector<double> depth(points_.size(), unknown);  // shared by the group's beams
    for (const std::size_t b : group.beams) {
      const BeamAxis axis(beams_[b]);
      const std::size_t c = tables_.find(beams_[b].collimator_mm);
      for (std::size_t p = 0; p < points_.size(); ++p) {
        const PointInBeam at = locate(axis, points_[p], tables_.reference_distance_mm);
        if (!(at.z_mm > 0) || at.r800_mm > tables_.ocr[c].columns.back()) continue;
        double d;
        if (options_.depth == DepthMode::central_axis) {
          d = water_equivalent_depth_mm(density_, axis.source, axis.source + at.z_mm * axis.direction.vec());
        } else {
          if (depth[p] == unknown) depth[p] = depth_at(axis.source, p);
          d = depth[p];
        }
        const float value = float(dose_factors(tables_, c, at, d).gy_per_mu);
        if (value > 0) columns_[b]->add(p, value);
      }
    }
  }

  void add_group_fast(const BeamGroup& group) {
    const SourceFrame& f = group.frame;
    std::array<std::vector<float>, 3> at;  // the points in the group's frame
    for (auto& a : at) a.reserve(points_.size() + block);
    for (const PatientPoint p : points_) {
      const PatientVec d = p - f.source;
      at[0].push_back(float(dot(d, f.u))), at[1].push_back(float(dot(d, f.v))), at[2].push_back(float(dot(d, f.w)));
    }
    const std::vector<float> depth =
        options_.depth == DepthMode::per_point_ray ? depths_of(group, at) : std::vector<float>{};
    for (const std::size_t b : group.beams) add_beam_fast(f, b, at, depth);
  }

  /// Depth of every point the group's cones can hold; from exact rays to the points or from a fan, whichever needs
  /// fewer.
  std::vector<float> depths_of(const BeamGroup& group, const std::array<std::vector<float>, 3>& at) const {
    std::vector<float> depth(points_.size(), 0.0f);
    const FanExtent extent = extent_of(group, beams_, tangent_, region_, density_);
    if (extent.empty) return depth;
    std::optional<DepthFan> fan(std::in_place, group.frame, extent, FanSpacing{});
    const auto exact = [&](std::size_t p) { depth[p] = float(depth_at(group.frame.source, p)); };
    if (points_.size() <= fan->rays()) {
      for (std::size_t p = 0; p < points_.size(); ++p) exact(p);
      return depth;
    }
    for (int row = 0; row < fan->rows(); ++row) fan->build_row(row, density_);
    kernel_.depth_at(fan->view(), {at[0].data(), at[1].data(), at[2].data()}, int(points_.size()), depth.data());
    for (std::size_t p = 0; p < points_.size(); ++p)
      if (depth[p] > 0 && depth[p] < shallow_mm) exact(p);
    return depth;
  }

  void add_beam_fast(const SourceFrame& f, std::size_t b, const std::array<std::vector<float>, 3>& at,
                     const std::vector<float>& shared_depth) {
    const SourceFrame beam(f.source, beams_[b].aim - beams_[b].source);
    const auto row = [&](PatientVec axis, float* out) {
      out[0] = float(dot(axis, f.u)), out[1] = float(dot(axis, f.v)), out[2] = float(dot(axis, f.w));
    };
    Rotation to_beam;
    row(beam.u, to_beam.x), row(beam.v, to_beam.y), row(beam.w, to_beam.z);
    const FoldedTables::View tables = folded_.at(beams_[b].collimator_mm).view();
    const float cosine2 = float(1 / (1 + tangent_[b] * tangent_[b]) * (1 - 1e-5));  // rounding must not lose points
    std::array<float, block> depth, dose;
    for (std::size_t first = 0; first < points_.size(); first += block) {
      const int count = int(std::min<std::size_t>(block, points_.size() - first));
      const float *x = &at[0][first], *y = &at[1][first], *z = &at[2][first];
      // Inside the cone the angle to the axis is small: z^2 >= cos^2 d^2. Most blocks have no such point.
      int near = 0;
      for (int i = 0; i < count; ++i) {
        const float along = to_beam.z[0] * x[i] + to_beam.z[1] * y[i] + to_beam.z[2] * z[i];
        near |= along > 0 && along * along >= cosine2 * (x[i] * x[i] + y[i] * y[i] + z[i] * z[i]);
      }
      if (!near) continue;
      const float* depths = shared_depth.empty() ? depth.data() : &shared_depth[first];
      if (shared_depth.empty())
        for (int i = 0; i < count; ++i) {
          const double along = to_beam.z[0] * x[i] + to_beam.z[1] * y[i] + to_beam.z[2] * z[i];
          depth[i] = float(water_equivalent_depth_mm(density_, f.source, f.source + along * beam.w));
        }
      kernel_.dose_at(tables, to_beam, {x, y, z}, count, depths, dose.data());
      for (int i = 0; i < count; ++i)
        if (dose[i] > 0) columns_[b]->add(first + i, dose[i]);
    }
  }

  const BeamSet& beams_;
  const DensityMap& density_;
  const BeamData::Tables& tables_;
  const std::vector<PatientPoint>& points_;
  DoseOptions options_;
  const RowKernel& kernel_;
  Box region_;
  std::vector<double> tangent_;            //!< of the largest radius, by beam
  std::map<double, FoldedTables> folded_;  //!< by collimator
  std::vector<std::shared_ptr<Packed>> columns_;
};

DoseInfluence compute_influence(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                const std::vector<PatientPoint>& points, const DoseOptions& options,
                                Progress& progress) {
  require_valid_beams(beams, density, beam_data);
  for (const PatientPoint p : points) SBRT_EXPECT(is_finite(p));
  const DensityMap body = cropped_to_density(density);
  const BodyHits hits = find_beams_that_meet_body(beams, body, beam_data);
  return InfluenceBuilder(beams, body, beam_data, points, options).run(hits.meets, progress);
}

}  // namespace sbrt
