#include "phantoms/analytic_dose.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "phantoms/closed_form.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {

using std::numbers::pi;

double LinearDose::operator()(PatientPoint p) const {
  return std::max(0.0, at_origin_gy + dot(gradient_gy_per_mm, p - PatientPoint{}));
}

double GaussianDose::operator()(PatientPoint p) const {
  return maximum_gy * std::exp(-norm2(p - centre) / (2 * sigma_mm * sigma_mm));
}

DoseGrid sample(const std::function<double(PatientPoint)>& dose_gy, const Grid& grid) {
  DoseGrid dose(grid);
  parallel_for(grid.size().nz, [&](std::int64_t k) {
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) dose(i, j, int(k)) = float(dose_gy(grid.voxel_centre(i, j, int(k))));
  });
  return dose;
}

double sphere_volume_above(double radius_mm, double u_mm) {
  const double t = std::clamp(u_mm, -radius_mm, radius_mm);
  return pi / 3 * (radius_mm - t) * (radius_mm - t) * (2 * radius_mm + t);
}

double cylinder_along_volume_above(double radius_mm, double length_mm, double u_mm, double cap_mm) {
  const double half = length_mm / 2 + cap_mm;
  return pi * radius_mm * radius_mm * (half - std::clamp(u_mm, -half, half));
}

double cylinder_across_volume_above(double radius_mm, double length_mm, double u_mm, double cap_mm) {
  const double t = std::clamp(u_mm, -radius_mm, radius_mm), s = std::sqrt(radius_mm * radius_mm - t * t);
  return (length_mm + 2 * cap_mm) * (radius_mm * radius_mm * std::acos(t / radius_mm) - t * s);
}

double cone_base_high_volume_above(double radius_mm, double height_mm, double u_mm, double cap_mm) {
  const double half = height_mm / 2, t = std::clamp(u_mm, -half, half), beyond = std::clamp(u_mm - half, 0.0, cap_mm);
  return cone_volume_mm3(radius_mm, height_mm) * (1 - std::pow((t + half) / height_mm, 3)) +
         pi * radius_mm * radius_mm * (cap_mm - beyond);
}

double cone_base_low_volume_above(double radius_mm, double height_mm, double u_mm, double cap_mm) {
  const double half = height_mm / 2, t = std::clamp(u_mm, -half, half), beyond = std::clamp(-half - u_mm, 0.0, cap_mm);
  return cone_volume_mm3(radius_mm, height_mm) * std::pow((half - t) / height_mm, 3) +
         pi * radius_mm * radius_mm * beyond;
}

double cone_across_volume_above(double radius_mm, double height_mm, double u_mm) {
  const double whole = cone_volume_mm3(radius_mm, height_mm), r = radius_mm;
  if (u_mm < 0) return whole - cone_across_volume_above(radius_mm, height_mm, -u_mm);
  if (u_mm >= r) return 0;
  if (u_mm == 0) return whole / 2;
  const double t = u_mm, s = std::sqrt(r * r - t * t);
  return height_mm / r *
         (r * r * r / 3 * std::acos(t / r) - 2.0 / 3.0 * t * r * s + t * t * t / 3 * std::log((r + s) / t));
}

LinearDvh::LinearDvh(std::function<double(double)> volume_above_mm3, double low_mm, double high_mm,
                     double centre_dose_gy, double gradient_gy_per_mm)
    : volume_above_(std::move(volume_above_mm3)),
      low_(low_mm),
      high_(high_mm),
      centre_dose_(centre_dose_gy),
      gradient_(gradient_gy_per_mm) {
  SBRT_EXPECT(low_mm < high_mm && gradient_gy_per_mm > 0);
}

double LinearDvh::volume_mm3() const { return volume_above_(low_); }
double LinearDvh::minimum_gy() const { return std::max(0.0, centre_dose_ + gradient_ * low_); }
double LinearDvh::maximum_gy() const { return std::max(0.0, centre_dose_ + gradient_ * high_); }

double LinearDvh::volume_at_dose_mm3(double dose_gy) const {
  if (dose_gy <= 0) return volume_mm3();
  return volume_above_(std::clamp((dose_gy - centre_dose_) / gradient_, low_, high_));
}

double LinearDvh::dose_at_volume_gy(double hottest_mm3) const {
  SBRT_EXPECT(hottest_mm3 >= 0 && hottest_mm3 <= volume_mm3());
  double low = low_, high = high_;
  for (double middle = 0.5 * (low + high); middle != low && middle != high; middle = 0.5 * (low + high))
    (volume_above_(middle) >= hottest_mm3 ? low : high) = middle;
  return std::max(0.0, centre_dose_ + gradient_ * low);
}

double gaussian_radius_at_dose_mm(double maximum_gy, double sigma_mm, double dose_gy) {
  return dose_gy < maximum_gy ? sigma_mm * std::sqrt(2 * std::log(maximum_gy / dose_gy)) : 0;
}

double gaussian_volume_at_dose_mm3(double maximum_gy, double sigma_mm, double dose_gy) {
  return sphere_volume_mm3(gaussian_radius_at_dose_mm(maximum_gy, sigma_mm, dose_gy));
}

double gaussian_r50(double maximum_over_prescription) {
  SBRT_EXPECT(maximum_over_prescription > 1);
  return std::pow(std::log(2 * maximum_over_prescription) / std::log(maximum_over_prescription), 1.5);
}

std::vector<NelmsCase> nelms_cases(PatientPoint centre) {
  constexpr double radius = 12, height = 24;
  const Direction<Patient> z({0, 0, 1}), y({0, 1, 0});
  const auto dvh = [&](std::function<double(double)> volume_above, double reach, double centre_dose) {
    return LinearDvh(std::move(volume_above), -reach, reach, centre_dose, 1);
  };
  const auto ball = [](double u) { return sphere_volume_above(radius, u); };
  const auto along = [](double u) { return cylinder_along_volume_above(radius, height, u); };
  const auto across = [](double u) { return cylinder_across_volume_above(radius, height, u); };
  const auto base_low = [](double u) { return cone_base_low_volume_above(radius, height, u); };
  const auto base_high = [](double u) { return cone_base_high_volume_above(radius, height, u); };
  const auto cone_across = [](double u) { return cone_across_volume_above(radius, height, u); };
  const double at_z = nelms_dose_along_z(centre), at_y = nelms_dose_along_y(centre);
  const double half = height / 2;
  // Standing, the cone has its base below (towards -z), so its base is in the low dose of D = 10 + z; lying, its base
  // is towards -y, in the high dose of D = 10 - y.
  return {{"sphere", sphere(centre, radius), dvh(ball, radius, at_z), dvh(ball, radius, at_y)},
          {"cylinder", cylinder(centre, z, radius, height), dvh(along, half, at_z), dvh(across, radius, at_y)},
          {"cone", cone(centre - half * z.vec(), z, radius, height), dvh(base_low, half, at_z),
           dvh(cone_across, radius, at_y)},
          {"lying-cylinder", cylinder(centre, y, radius, height), dvh(across, radius, at_z), dvh(along, half, at_y)},
          {"lying-cone", cone(centre - half * y.vec(), y, radius, height), dvh(cone_across, radius, at_z),
           dvh(base_high, half, at_y)}};
}

}  // namespace sbrt::phantoms
