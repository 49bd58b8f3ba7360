/// Closed-form volumes of the analytic shapes; the truth that tests compare with.
#pragma once

namespace sbrt::phantoms {

double sphere_volume_mm3(double radius_mm);
double cylinder_volume_mm3(double radius_mm, double length_mm);
double cone_volume_mm3(double base_radius_mm, double height_mm);

}  // namespace sbrt::phantoms
