#include "dose/density.h"

#include "dose/csv.h"
#include "dose/density_tables.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace sbrt {
namespace {

constexpr double air_below_hu = -950;
constexpr double largest_water_deviation = 0.05;  // a table farther from RED(0 HU) = 1 has another scale or meaning

/// The knots as text, so that the hash depends on the numbers and not on how they were written.
std::string hash_of(const std::vector<double>& hu, const std::vector<double>& density) {
  std::string text;
  for (std::size_t i = 0; i < hu.size(); ++i) text += fmt::format("{},{}\n", hu[i], density[i]);
  return sha256_of(text);
}

std::string joined_names() {
  std::string all;
  for (const std::string& n : DensityTable::names()) all += (all.empty() ? "" : ", ") + n;
  return all;
}

}  // namespace

DensityTable::DensityTable(std::string name, std::vector<double> hu, std::vector<double> density)
    : name_(std::move(name)), sha256_(hash_of(hu, density)), hu_(std::move(hu)), density_(std::move(density)) {}

std::vector<std::string> DensityTable::names() {
  std::vector<std::string> all;
  for (const ShippedDensityTable& t : shipped_density_tables()) all.emplace_back(t.name);
  return all;
}

DensityTable DensityTable::named(const std::string& name) {
  for (const ShippedDensityTable& t : shipped_density_tables())
    if (t.name == name)
      return DensityTable(name, {t.hu.begin(), t.hu.end()},
                          {t.relative_electron_density.begin(), t.relative_electron_density.end()});
  throw InputError("unknown density table '" + name + "'", "", "the shipped tables are " + joined_names(),
                   "give one of these names or the path of a CSV file");
}

DensityTable DensityTable::from_csv(const std::filesystem::path& path) {
  const std::string file = path.string();
  const auto rows = parse_number_csv(read_text_file(path), file, {"hu", "relative_electron_density"});
  std::vector<double> hu, density;
  for (const CsvRow& row : rows) {
    const std::string place = fmt::format("{}, line {}", file, row.line);
    if (!hu.empty() && row.values[0] <= hu.back())
      throw InputError(fmt::format("{} HU follows {} HU", row.values[0], hu.back()), place, "CT numbers must ascend",
                       "sort the rows");
    if (row.values[1] < 0)
      throw InputError(fmt::format("the density is {}", row.values[1]), place, "a density cannot be negative",
                       "correct the row");
    hu.push_back(row.values[0]);
    density.push_back(row.values[1]);
  }
  if (hu.front() > 0 || hu.back() < 0)
    throw InputError("the table does not cover 0 HU", file, "water has 0 HU", "add rows around 0 HU");
  DensityTable table(file, std::move(hu), std::move(density));
  if (std::abs(table(0) - 1) > largest_water_deviation)
    throw InputError(fmt::format("the density at 0 HU is {:.4f}", table(0)), file,
                     "water has 0 HU and relative electron density 1",
                     "check that the second column is relative electron density");
  return table;
}

DensityTable DensityTable::named_or_file(const std::string& name_or_path) {
  const auto all = names();
  if (std::find(all.begin(), all.end(), name_or_path) != all.end()) return named(name_or_path);
  if (!std::filesystem::exists(name_or_path)) return named(name_or_path);  // refuses with the names
  return from_csv(name_or_path);
}

double DensityTable::operator()(double hu) const {
  if (hu < air_below_hu) return 0;
  if (hu <= hu_.front()) return density_.front();
  if (hu >= hu_.back()) return density_.back();
  const std::size_t high = std::size_t(std::upper_bound(hu_.begin(), hu_.end(), hu) - hu_.begin());
  const double fraction = (hu - hu_[high - 1]) / (hu_[high] - hu_[high - 1]);
  return density_[high - 1] + fraction * (density_[high] - density_[high - 1]);
}

DensityResult density_from_ct(const CtImage& ct, const DensityTable& table, const Occupancy& body,
                              const std::vector<DensityOverride>& overrides) {
  SBRT_EXPECT(body.grid() == ct.grid());
  const Grid& grid = ct.grid();
  const GridSize size = grid.size();
  DensityResult result{DensityMap(grid), {}};
  std::vector<std::int64_t> above(size.nz, 0), below(size.nz, 0);  // by slice
  parallel_for(size.nz, [&](std::int64_t k) {
    for (int j = 0; j < size.ny; ++j)
      for (int i = 0; i < size.nx; ++i) {
        const std::size_t voxel = grid.index(i, j, int(k));
        if (body.values()[voxel] < 0.5f) continue;
        double hu = ct.values()[voxel];
        for (const DensityOverride& o : overrides) {
          const VoxelPoint p = o.occupancy.grid().to_voxel(grid.voxel_centre(i, j, int(k)));
          const GridSize n = o.occupancy.grid().size();
          const double x = std::round(p.x), y = std::round(p.y), z = std::round(p.z);
          if (!(x >= 0 && y >= 0 && z >= 0 && x < n.nx && y < n.ny && z < n.nz)) continue;
          if (o.occupancy(int(x), int(y), int(z)) >= 0.5f) hu = o.hu;
        }
        if (!std::isfinite(hu))
          throw InputError("a CT number is not finite", fmt::format("CT voxel ({}, {}, {})", i, j, k),
                           "it has no density", "check the CT series");
        above[k] += hu > table.highest_hu();
        below[k] += hu < table.lowest_hu() && hu >= air_below_hu;
        result.density.values()[voxel] = float(table(hu));
      }
  });
  std::int64_t above_total = 0, below_total = 0;
  for (int k = 0; k < size.nz; ++k) above_total += above[k], below_total += below[k];
  if (above_total > 0)
    result.warnings.push_back(
        {"ct-above-density-table",
         fmt::format("{} voxels in the body lie above the last CT number of density table '{}' ({} HU); they got its "
                     "end value {:.4f}",
                     above_total, table.name(), table.highest_hu(), table(table.highest_hu()))});
  if (below_total > 0)
    result.warnings.push_back(
        {"ct-below-density-table",
         fmt::format("{} voxels in the body lie below the first CT number of density table '{}' ({} HU); they got its "
                     "end value {:.4f}",
                     below_total, table.name(), table.lowest_hu(), table(table.lowest_hu()))});
  return result;
}

}  // namespace sbrt
