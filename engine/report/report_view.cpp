#include "engine/report/report_view.h"

#include "geometry/interpolate.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr std::size_t most_voxels = 12'000'000;  // of an image in the page
constexpr double axes_agree = 1e-6;
constexpr double finest_unit_gy = 0.01;
constexpr double most_steps = 32000;  // of the 16-bit numbers that the page reads

// Colours that remain apart for every kind of colour vision (Okabe and Ito 2008).
constexpr std::array<std::array<std::uint8_t, 3>, 7> own_colours{
    {{230, 159, 0}, {86, 180, 233}, {0, 158, 115}, {240, 228, 66}, {0, 114, 178}, {213, 94, 0}, {204, 121, 167}}};

bool agree(const Axes& a, const Axes& b) {
  const auto near = [](PatientVec u, PatientVec v) { return dot(u, v) > 1 - axes_agree; };
  return near(a.i, b.i) && near(a.j, b.j) && near(a.k, b.k);
}

struct IndexRange {
  int first[3], size[3];
};

// Voxels of `grid` that a box covers, one more on each side.
IndexRange range_around(const Grid& grid, const Box& box) {
  const int n[] = {grid.size().nx, grid.size().ny, grid.size().nz};
  double low[] = {HUGE_VAL, HUGE_VAL, HUGE_VAL}, high[] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z}) {
        const VoxelPoint v = grid.to_voxel(PatientPoint{x, y, z});
        const double at[] = {v.x, v.y, v.z};
        for (int a = 0; a < 3; ++a) {
          low[a] = std::min(low[a], at[a]);
          high[a] = std::max(high[a], at[a]);
        }
      }
  IndexRange range;
  for (int a = 0; a < 3; ++a) {
    range.first[a] = std::clamp(int(std::floor(low[a])) - 1, 0, n[a] - 1);
    range.size[a] = std::clamp(int(std::ceil(high[a])) + 1, range.first[a], n[a] - 1) - range.first[a] + 1;
  }
  return range;
}

Grid part_of(const Grid& grid, const IndexRange& range, int block) {
  const auto s = grid.spacing_mm();
  const double half = (block - 1) / 2.0;
  const PatientPoint origin =
      grid.to_patient(VoxelPoint{range.first[0] + half, range.first[1] + half, double(range.first[2])});
  return Grid({std::max(1, range.size[0] / block), std::max(1, range.size[1] / block), range.size[2]},
              {s[0] * block, s[1] * block, s[2]}, origin, grid.axes());
}

}  // namespace

std::vector<ViewStructure> view_structures(const std::vector<NamedShape>& shapes,
                                           const std::vector<const Structure*>& drawn) {
  std::vector<ViewStructure> all;
  for (const NamedShape& named : shapes) {
    const auto found =
        std::find_if(drawn.begin(), drawn.end(), [&](const Structure* s) { return s->name == named.shape.name(); });
    all.push_back({named.shape, named.role,
                   found != drawn.end() ? (*found)->colour : own_colours[all.size() % own_colours.size()]});
  }
  return all;
}

DisplayedImage displayed_ct(const CtImage& ct, const Box& around) {
  const IndexRange range = range_around(ct.grid(), around);
  int block = 1;
  while (std::size_t(range.size[0] / block) * (range.size[1] / block) * range.size[2] > most_voxels) ++block;
  const Grid grid = part_of(ct.grid(), range, block);
  std::vector<std::int16_t> values(grid.count());
  parallel_for(grid.size().nz, [&](std::int64_t k) {
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) {
        double sum = 0;
        int count = 0;
        for (int y = 0; y < block; ++y)
          for (int x = 0; x < block; ++x) {
            const int ci = range.first[0] + i * block + x, cj = range.first[1] + j * block + y;
            if (ci >= ct.grid().size().nx || cj >= ct.grid().size().ny) continue;
            sum += double(ct(ci, cj, range.first[2] + int(k)));
            ++count;
          }
        // 16 bits hold what CT scanners write; metal beyond them is shown as the largest.
        values[grid.index(i, j, int(k))] = std::int16_t(std::clamp(std::lround(sum / count), -32768L, 32767L));
      }
  });
  return {grid, std::move(values)};
}

DisplayedDose displayed_dose(const DoseGrid& dose, const Axes* like) {
  const float largest = *std::max_element(dose.values().begin(), dose.values().end());
  const double unit_gy = std::max(finest_unit_gy, double(largest) / most_steps);
  Grid grid = dose.grid();
  std::vector<double> resampled;
  if (like && !agree(*like, grid.axes())) {
    const Grid anchor({1, 1, 1}, grid.spacing_mm(), grid.origin(), *like);
    grid = covering_grid(grid.bounding_box(), grid.spacing_mm(), anchor);
    const DoseInterpolator at(dose, Interpolation::linear);
    std::vector<PatientPoint> points;
    for (int k = 0; k < grid.size().nz; ++k)
      for (int j = 0; j < grid.size().ny; ++j)
        for (int i = 0; i < grid.size().nx; ++i) points.push_back(grid.voxel_centre(i, j, k));
    resampled = at.values_at(points);
  }
  std::vector<std::int16_t> values(grid.count());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double gy = resampled.empty() ? double(dose.values()[i]) : std::isnan(resampled[i]) ? 0 : resampled[i];
    values[i] = std::int16_t(std::clamp(std::lround(gy / unit_gy), -32768L, 32767L));
  }
  return {{grid, std::move(values)}, unit_gy};
}

DisplayedMask displayed_mask(const Shape& shape, const Grid& image) {
  const Box box = shape.bounding_box().grown(1);
  const Grid grid = covering_grid(box, image.spacing_mm(), image);
  const Occupancy inside = occupancy_of(shape, grid);
  std::vector<std::uint8_t> values(grid.count());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::uint8_t(std::lround(100 * double(inside.values()[i])));
  return {grid, std::move(values)};
}

}  // namespace sbrt
