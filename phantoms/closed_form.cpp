#include "phantoms/closed_form.h"

#include <numbers>

namespace sbrt::phantoms {

double sphere_volume_mm3(double radius_mm) { return 4.0 / 3.0 * std::numbers::pi * radius_mm * radius_mm * radius_mm; }
double cylinder_volume_mm3(double radius_mm, double length_mm) {
  return std::numbers::pi * radius_mm * radius_mm * length_mm;
}
double cone_volume_mm3(double base_radius_mm, double height_mm) {
  return cylinder_volume_mm3(base_radius_mm, height_mm) / 3.0;
}

}  // namespace sbrt::phantoms
