/// Commissioned tables of one machine: output factor, tissue-phantom ratio, off-axis ratio. docs/physics.md, eqs.
/// (1)-(6).
#pragma once

#include "geometry/warning.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sbrt {

/// Immutable; cheap to copy.
class BeamData {
 public:
  /// A data set by name (shipped) or by folder. @throws InputError naming file, line and reason
  static BeamData named_or_folder(const std::string& name_or_folder);
  static BeamData from_folder(const std::filesystem::path& folder);
  static std::vector<std::string> shipped_names();

  const std::string& name() const;
  const std::string& version() const;
  const std::string& sha256() const;  ///< of the four files' bytes
  const std::string& source() const;
  bool clinical() const;
  const std::string& collimator_kind() const;         ///< "fixed" cones or "iris"
  const std::vector<double>& collimators_mm() const;  ///< ascending
  /// @throws InputError listing the collimators of the set when this one is not in it
  void require_collimator(double collimator_mm) const;

  /// OF(c, z), z = distance from the source [mm]; linear in z, clamped.
  double output_factor(double collimator_mm, double distance_mm) const;
  /// TPR(FS, d): field diameter in the point's plane [mm], water-equivalent depth [mm]; bilinear, clamped.
  double tissue_phantom_ratio(double field_mm, double depth_mm) const;
  /// OCR(c, r800, d): bilinear in depth and radius; 0 beyond the largest radius.
  double off_axis_ratio(double collimator_mm, double radius_800_mm, double depth_mm) const;
  /// Largest radius at 800 mm with a table entry [mm].
  double largest_radius_mm(double collimator_mm) const;

  double gy_per_mu() const;              ///< at the reference: 0.01 Gy
  double reference_distance_mm() const;  ///< 800 mm

  struct Tables;
  const Tables& tables() const { return *tables_; }

 private:
  explicit BeamData(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
  std::shared_ptr<const Tables> tables_;
};

}  // namespace sbrt
