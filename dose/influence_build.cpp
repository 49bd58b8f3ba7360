#include "dose/beam_check.h"
#include "dose/influence.h"
#include "dose/point_dose.h"
#include "dose/water_depth.h"
#include "geometry/parallel.h"

namespace sbrt {

DoseInfluence compute_influence(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                const std::vector<PatientPoint>& points, const DoseOptions& options,
                                Progress& progress) {
  require_valid_beams(beams, density, beam_data);
  const BodyHits hits = find_beams_that_meet_body(beams, density, beam_data);
  const BeamData::Tables& tables = beam_data.tables();
  std::vector<DoseInfluence::Column> columns(beams.size());
  progress.begin("influence", std::int64_t(beams.size()));
  parallel_for(std::int64_t(beams.size()), [&](std::int64_t b) {
    if (hits.meets[b]) {
      const BeamAxis axis(beams[b]);
      const std::size_t c = tables.find(beams[b].collimator_mm);
      for (std::size_t p = 0; p < points.size(); ++p) {
        const PointInBeam at = locate(axis, points[p], tables.reference_distance_mm);
        if (!(at.z_mm > 0) || at.r800_mm > tables.ocr[c].columns.back()) continue;
        const PatientPoint end =
            options.depth == DepthMode::per_point_ray ? points[p] : axis.source + at.z_mm * axis.direction.vec();
        const float value =
            float(dose_factors(tables, c, at, water_equivalent_depth_mm(density, axis.source, end)).gy_per_mu);
        if (value <= 0) continue;
        columns[b].rows.push_back(std::uint32_t(p));
        columns[b].gy_per_mu.push_back(value);
      }
    }
    progress.advance();
  });
  progress.end();
  return DoseInfluence(points.size(), std::move(columns));
}

}  // namespace sbrt
