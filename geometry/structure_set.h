/// Contoured structures as they were drawn: planar polygons in patient millimetres.
#pragma once

#include "geometry/space.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

/// RT ROI Interpreted Type (DICOM C.8.8.8), reduced to what planning needs; names in inspect and report are these.
enum class RoiRole { gtv, ctv, itv, ptv, external, organ, avoidance, support, marker, other };
std::string_view to_string(RoiRole role);  ///< "GTV", "CTV", ..., "EXTERNAL", "ORGAN", ...

enum class ContourKind { closed_planar, closed_planar_xor, open_planar, open_nonplanar, point };

struct Contour {
  ContourKind kind = ContourKind::closed_planar;
  std::vector<PatientPoint> points;  //!< mm; the closing point is not repeated
  bool operator==(const Contour&) const = default;
};

struct Structure {
  int number = 0;  //!< DICOM ROI number, unique in the set
  std::string name;
  RoiRole role = RoiRole::other;
  std::array<std::uint8_t, 3> colour{255, 0, 0};
  std::vector<Contour> contours;
};

/// Invariant: names are unique (exactly as spelt) and not empty.
class StructureSet {
 public:
  StructureSet() = default;
  /// @throws InputError when two structures share a name
  explicit StructureSet(std::vector<Structure> structures, std::string frame_of_reference_uid = {});

  const std::vector<Structure>& structures() const { return structures_; }
  const std::string& frame_of_reference_uid() const { return frame_of_reference_uid_; }

  /// Exact name first, then the only one that matches without case.
  const Structure* find(std::string_view name) const;
  /// @throws InputError that offers the nearest names
  const Structure& at(std::string_view name) const;
  /// The body: role EXTERNAL, or named External, Body or Skin in any case (in this order); null when there is none.
  const Structure* body() const;
  /// Adds a structure. @throws InputError when the name exists
  void add(Structure structure);

 private:
  std::vector<Structure> structures_;
  std::string frame_of_reference_uid_;
};

/// Names nearest to `name` by edit distance without case, best first, at most `count`.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& names,
                                       std::size_t count = 3);

}  // namespace sbrt
