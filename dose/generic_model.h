/// Closed-form model of circular 6 MV fields without a flattening filter: the source of the data set generic-6mv-fff.
///
/// A circular aperture, blurred by a Gaussian (source size and head), times a fluence that falls off axis, folded with
/// the pencil-beam kernel of Nyholm et al. in the plane at the reference distance; docs/physics.md, "generic-6mv-fff",
/// eq. (7). Neglected: head scatter, the change of the spectrum off axis, contamination electrons. Valid from 15 mm
/// depth on; above that the depth dose has the shape of an independent Monte Carlo run and the profile that of 15 mm.
#pragma once

#include <span>
#include <vector>

namespace sbrt {

struct ApertureRadius {
  double collimator_mm = 0;
  double radius_mm = 0;  //!< effective radius of the field at 800 mm
};

struct GenericModelParameters {
  double kernel_quality = 0.670;          //!< TPR20,10 that selects the kernel
  double blur_sigma_mm = 0.97;            //!< at 800 mm
  double fluence_fall_per_mm2 = 1.39e-4;  //!< off-axis fluence 1 - fall r^2, r at 800 mm
  double transmission = 0.0021;           //!< fluence behind the collimator relative to the open beam
  std::vector<ApertureRadius> apertures =
      shipped_apertures();  //!< ascending; radius/diameter is interpolated between them

  static std::vector<ApertureRadius> shipped_apertures();
};

/// Coefficients of the pencil kernel (A exp(-a r) + B exp(-b r)) / r at one depth. [1/mm]
struct PencilKernel {
  double primary = 0;        //!< A
  double primary_slope = 0;  //!< a
  double scatter = 0;        //!< B
  double scatter_slope = 0;  //!< b
};
PencilKernel pencil_kernel(double quality, double depth_mm);

/// Dose of one circular field in the plane at 800 mm, in arbitrary units common to all fields and depths.
class GenericField {
 public:
  GenericField(const GenericModelParameters& parameters, double diameter_mm);

  /// @param depths_mm each at least 15 mm
  std::vector<double> dose(double radius_mm, std::span<const double> depths_mm) const;
  double axis_dose(double depth_mm) const { return dose(0, {&depth_mm, 1}).front(); }

 private:
  double fluence(double radius_mm) const;
  double open_fraction(double radius_mm) const;

  GenericModelParameters parameters_;
  double aperture_mm_ = 0;
  double table_begin_mm_ = 0;
  std::vector<double> open_fraction_;          //!< over the blurred edge
  std::vector<double> node_mm_, node_weight_;  //!< radial quadrature about the point
};

/// TPR above 15 mm depth, relative to 15 mm: smooth fit to the Monte Carlo build-up of the collimators.
double build_up(double field_mm, double depth_mm);

}  // namespace sbrt
