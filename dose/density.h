/// CT number to electron density relative to water.
#pragma once

#include "geometry/volume.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Piecewise-linear table HU -> relative electron density, anchored at RED(0 HU) = 1; below -950 HU the density is 0.
/// Outside the table the end value holds and the voxel is counted.
class DensityTable {
 public:
  /// Shipped tables: "schneider" (default), "matrad", "thomas". @throws InputError offering the names
  static DensityTable named(const std::string& name);
  /// CSV with header `hu,relative_electron_density` and '#' comments. @throws InputError naming line and reason
  static DensityTable from_csv(const std::filesystem::path& path);
  /// Name of a shipped table, or a path to a CSV.
  static DensityTable named_or_file(const std::string& name_or_path);
  static std::vector<std::string> names();

  double operator()(double hu) const;
  const std::string& name() const { return name_; }
  const std::string& sha256() const { return sha256_; }
  double lowest_hu() const { return hu_.front(); }
  double highest_hu() const { return hu_.back(); }

 private:
  DensityTable(std::string name, std::vector<double> hu, std::vector<double> density);
  std::string name_, sha256_;
  std::vector<double> hu_, density_;
};

/// A structure whose CT numbers are replaced (an implant, contrast medium).
struct DensityOverride {
  Occupancy occupancy;  //!< any grid; applies to CT voxels whose centre has occupancy >= 0.5
  double hu = 0;
};

/// Relative electron density on the CT's grid; 0 in every voxel whose centre lies outside the body.
/// @param body 1 inside / 0 outside on the CT's grid (>= 0.5 counts as inside)
struct DensityResult {
  DensityMap density;
  Warnings warnings;  //!< voxels above the table's last HU, ...
};
DensityResult density_from_ct(const CtImage& ct, const DensityTable& table, const Occupancy& body,
                              const std::vector<DensityOverride>& overrides = {});

}  // namespace sbrt
