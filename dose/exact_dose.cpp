#include "dose/exact_dose.h"

#include "dose/point_dose.h"
#include "dose/water_depth.h"
#include "geometry/parallel.h"

namespace sbrt {
namespace {

double depth_of(const DensityMap& density, const BeamAxis& axis, PatientPoint point, double z_mm, DepthMode mode) {
  const PatientPoint end = mode == DepthMode::per_point_ray ? point : axis.source + z_mm * axis.direction.vec();
  return water_equivalent_depth_mm(density, axis.source, end);  // (5)
}

}  // namespace

DoseResult compute_dose_exact(const BeamSet& beams, const std::vector<char>& used, const DensityMap& density,
                              const BeamData& beam_data, const Grid& dose_grid, DepthMode depth, Progress& progress) {
  const BeamData::Tables& tables = beam_data.tables();
  struct Prepared {
    BeamAxis axis;
    std::size_t collimator;
    double weight_mu, reach_mm;
  };
  std::vector<Prepared> prepared;
  for (std::size_t b = 0; b < beams.size(); ++b)
    if (used[b] && beams[b].weight_mu > 0) {
      const std::size_t c = tables.find(beams[b].collimator_mm);
      prepared.push_back({BeamAxis(beams[b]), c, beams[b].weight_mu, tables.ocr[c].columns.back()});
    }

  const GridSize size = dose_grid.size();
  const std::int64_t rows = std::int64_t(size.ny) * size.nz;
  DoseResult result{DoseGrid(dose_grid), {}, "exact", {}};
  std::vector<DoseValidity> by_row(rows);
  progress.begin("dose (exact)", rows);
  parallel_for(rows, [&](std::int64_t row) {
    const int j = int(row % size.ny), k = int(row / size.ny);
    DoseValidity& count = by_row[row];
    for (int i = 0; i < size.nx; ++i) {
      const PatientPoint point = dose_grid.voxel_centre(i, j, k);
      double dose = 0;
      for (const Prepared& beam : prepared) {
        const PointInBeam p = locate(beam.axis, point, tables.reference_distance_mm);
        if (!(p.z_mm > 0) || p.r800_mm > beam.reach_mm) continue;
        const DoseFactors f =
            dose_factors(tables, beam.collimator, p, depth_of(density, beam.axis, point, p.z_mm, depth));
        dose += beam.weight_mu * f.gy_per_mu;
        ++count.points_total;
        count.depth_clamped += f.depth_clamped;
        count.field_clamped += f.field_clamped;
        count.distance_clamped += f.distance_clamped;
      }
      result.dose(i, j, k) = float(dose);
    }
    progress.advance();
  });
  progress.end();
  for (const DoseValidity& v : by_row) {
    result.validity.points_total += v.points_total;
    result.validity.depth_clamped += v.depth_clamped;
    result.validity.field_clamped += v.field_clamped;
    result.validity.distance_clamped += v.distance_clamped;
  }
  return result;
}

std::vector<BeamContribution> trace_point(const BeamSet& beams, const DensityMap& density, const BeamData& beam_data,
                                          PatientPoint point, const DoseOptions& options) {
  const BeamData::Tables& tables = beam_data.tables();
  std::vector<BeamContribution> all;
  for (const Beam& beam : beams) {
    beam_data.require_collimator(beam.collimator_mm);
    const BeamAxis axis(beam);
    const PointInBeam p = locate(axis, point, tables.reference_distance_mm);
    BeamContribution c;
    c.beam_id = beam.id;
    c.weight_mu = beam.weight_mu;
    c.z_mm = p.z_mm;
    c.r800_mm = p.r800_mm;
    if (p.z_mm > 0) {
      c.d_eff_mm = depth_of(density, axis, point, p.z_mm, options.depth);
      const DoseFactors f = dose_factors(tables, tables.find(beam.collimator_mm), p, c.d_eff_mm);
      c.output_factor = f.output_factor;
      c.tpr = f.tpr;
      c.ocr = f.ocr;
      c.inverse_square = f.inverse_square;
      c.dose_gy = beam.weight_mu * f.gy_per_mu;
    }
    all.push_back(std::move(c));
  }
  return all;
}

}  // namespace sbrt
