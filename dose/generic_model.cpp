#include "dose/generic_model.h"

#include "geometry/error.h"
#include "geometry/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

// Nyholm T, Olofsson J, Ahnesjo A, Karlsson M, Radiother Oncol 2006;78:347-51 with the corrigendum 2011;98:286 (a1 and
// a2 exchanged). Each coefficient is a polynomial in TPR20,10, constant first; depth and radius in cm.
using Polynomial = std::array<double, 6>;
constexpr Polynomial A1{0.0128018, -0.0577391, 0.1790839, -0.2467955, 0.1328192, -0.0194684};
constexpr Polynomial A2{16.7815028, -279.4672663, 839.0016549, -978.4915013, 470.5317337, -69.2485573};
constexpr Polynomial A3{-0.0889669, -0.2587584, 0.7069203, -0.3654033, 0.002976, -0.0003786};
constexpr Polynomial A4{0.0017089, -0.016915, 0.051465, -0.063953, 0.032449, -0.0049121};
constexpr Polynomial A5{0.1431447, -0.2134626, 0.5825546, -0.2969273, -0.0011436, 0.0002219};
constexpr Polynomial B1{-42.7607523, 264.342472, -633.4540368, 731.5311577, -402.5280374, 82.4936551};
constexpr Polynomial B2{0.2428359, -2.5029336, 7.6128101, -9.5273454, 4.824984, -0.7097852};
constexpr Polynomial B3{-0.091042, -0.2621605, 0.7157244, -0.3664126, 9.3e-05, -2.32e-05};
constexpr Polynomial B4{0.0017284, -0.0172146, 0.0522109, -0.0643946, 0.0322177, -0.0047015};
constexpr Polynomial B5{-30.4609625, 354.2866078, -1073.2952368, 1315.2670101, -656.3702845, 96.5983711};
constexpr Polynomial a1{-0.0065985, 0.0242136, -0.0647001, 0.0265272, 0.0072169, -0.0020479};
constexpr Polynomial a2{-26.3337419, 435.6865552, -1359.8342546, 1724.6602381, -972.7565415, 200.3468023};
constexpr Polynomial b1{-80.7027159, 668.1710175, -2173.2445309, 3494.239349, -2784.4670834, 881.227651};
constexpr Polynomial b2{3.4685991, -41.2468479, 124.9729952, -153.2610078, 76.5242757, -11.2624113};
constexpr Polynomial b3{-39.6550497, 277.7202038, -777.0749505, 1081.5724508, -747.1056558, 204.5432666};
constexpr Polynomial b4{0.6514859, -4.7179961, 13.6742202, -19.7521659, 14.1873606, -4.0478845};
constexpr Polynomial b5{0.4695047, -3.6644336, 10.0039321, -5.1195905, -0.0007387, 0.000236};

double evaluate(const Polynomial& c, double x) {
  double sum = 0;
  for (std::size_t i = c.size(); i-- > 0;) sum = sum * x + c[i];
  return sum;
}

constexpr double deepest_node_mm = 250;         // the kernel integral ends here; 1/b is about 100 mm
constexpr double blur_reach = 9;                // in sigma; beyond it the blurred edge is flat to 1e-18
constexpr double open_fraction_step_mm = 0.02;  // linear interpolation of a sigma = 1 mm edge: error below 2e-5

/// exp(-x) I0(x), Abramowitz & Stegun 9.8.1 and 9.8.2, relative error below 2e-7.
double scaled_bessel_i0(double x) {
  if (x < 3.75) {
    const double t = (x / 3.75) * (x / 3.75);
    return std::exp(-x) *
           (1 +
            t * (3.5156229 + t * (3.0899424 + t * (1.2067492 + t * (0.2659732 + t * (0.0360768 + t * 0.0045813))))));
  }
  const double t = 3.75 / x;
  return (0.39894228 +
          t * (0.01328592 +
               t * (0.00225319 +
                    t * (-0.00157565 +
                         t * (0.00916281 +
                              t * (-0.02057706 + t * (0.02635537 + t * (-0.01647633 + t * 0.00392377)))))))) /
         std::sqrt(x);
}

/// A disc of the given radius folded with a two-dimensional Gaussian, at distance s from its centre (Simpson's rule).
double blurred_disc(double radius, double sigma, double s) {
  const double low = std::max(0.0, s - blur_reach * sigma), high = std::min(radius, s + blur_reach * sigma);
  if (!(low < high)) return 0;
  constexpr int steps = 400;
  const double h = (high - low) / steps, variance = sigma * sigma;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double u = low + i * h;
    const double weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * u / variance * std::exp(-(s - u) * (s - u) / (2 * variance)) * scaled_bessel_i0(s * u / variance);
  }
  return sum * h / 3;
}

constexpr std::array<double, 4> gauss_node{0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                           0.9602898564975363};
constexpr std::array<double, 4> gauss_weight{0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                             0.1012285362903763};

}  // namespace

std::vector<ApertureRadius> GenericModelParameters::shipped_apertures() {
  // Fitted to the reference OCR tables of the twelve cones (themselves a four-parameter model), not to measurements.
  return {{5, 2.645},   {7.5, 3.937}, {10, 5.086},  {12.5, 6.380}, {15, 7.687},  {20, 10.269},
          {25, 12.816}, {30, 15.426}, {35, 17.999}, {40, 20.537},  {50, 25.765}, {60, 30.924}};
}

PencilKernel pencil_kernel(double quality, double depth_mm) {
  const double q = quality, z = depth_mm / units::cm;
  const auto c = [q](const Polynomial& p) { return evaluate(p, q); };
  const auto rise_and_fall = [z](double scale, double rise, double fall, double fall2, double shift) {
    return scale * (1 - std::exp(rise * std::sqrt(z * z + shift * shift))) * std::exp(fall * z + fall2 * z * z);
  };
  PencilKernel k;
  k.primary_slope = (c(a2) + c(a1) * z) / units::cm;
  k.scatter_slope = rise_and_fall(c(b1), c(b2), c(b3), c(b4), c(b5)) / units::cm;
  k.primary = rise_and_fall(c(A1), c(A2), c(A3), c(A4), c(A5)) * k.primary_slope;
  k.scatter = rise_and_fall(c(B1), c(B2), c(B3), c(B4), c(B5)) * k.scatter_slope;
  return k;
}

GenericField::GenericField(const GenericModelParameters& parameters, double diameter_mm) : parameters_(parameters) {
  SBRT_EXPECT(!parameters_.apertures.empty() && diameter_mm > 0);
  // Radius over diameter is linear between the collimators and constant outside them.
  const auto& apertures = parameters_.apertures;
  const auto ratio = [](const ApertureRadius& a) { return a.radius_mm / a.collimator_mm; };
  const auto above =
      std::find_if(apertures.begin(), apertures.end(), [&](const auto& a) { return a.collimator_mm >= diameter_mm; });
  if (above == apertures.end()) {
    aperture_mm_ = ratio(apertures.back()) * diameter_mm;
  } else if (above == apertures.begin()) {
    aperture_mm_ = ratio(apertures.front()) * diameter_mm;
  } else {
    const auto below = above - 1;
    const double f = (diameter_mm - below->collimator_mm) / (above->collimator_mm - below->collimator_mm);
    aperture_mm_ = (ratio(*below) + f * (ratio(*above) - ratio(*below))) * diameter_mm;
  }

  const double reach = blur_reach * parameters_.blur_sigma_mm;
  table_begin_mm_ = std::max(0.0, aperture_mm_ - reach);
  for (double s = table_begin_mm_; s < aperture_mm_ + reach; s += open_fraction_step_mm)
    open_fraction_.push_back(blurred_disc(aperture_mm_, parameters_.blur_sigma_mm, s));

  // Gauss-Legendre nodes on cells of 1.0-1.5 mm where the fluence has edges, wider beyond.
  std::vector<double> cells{0};
  while (cells.back() < aperture_mm_ + 30) cells.push_back(cells.back() + (cells.back() < 10 ? 1.0 : 1.5));
  while (cells.back() * 1.3 < deepest_node_mm) cells.push_back(cells.back() * 1.3);
  cells.push_back(deepest_node_mm);
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    const double half = (cells[i + 1] - cells[i]) / 2, middle = cells[i] + half;
    for (std::size_t g = 0; g < gauss_node.size(); ++g)
      for (const int side : {-1, 1}) {
        node_mm_.push_back(middle + side * half * gauss_node[g]);
        node_weight_.push_back(half * gauss_weight[g]);
      }
  }
}

double GenericField::open_fraction(double radius_mm) const {
  if (radius_mm <= table_begin_mm_) return open_fraction_.front();
  const double position = (radius_mm - table_begin_mm_) / open_fraction_step_mm;
  const std::size_t low = std::size_t(position);
  if (low + 1 >= open_fraction_.size()) return 0;
  return open_fraction_[low] + (position - double(low)) * (open_fraction_[low + 1] - open_fraction_[low]);
}

double GenericField::fluence(double radius_mm) const {
  const double fall = std::max(0.0, 1 - parameters_.fluence_fall_per_mm2 * radius_mm * radius_mm);
  const double open = open_fraction(radius_mm);
  return (open + parameters_.transmission * (1 - open)) * fall;
}

std::vector<double> GenericField::dose(double radius_mm, std::span<const double> depths_mm) const {
  std::vector<PencilKernel> kernels;
  for (const double depth : depths_mm) {
    SBRT_EXPECT(depth >= 15);
    kernels.push_back(pencil_kernel(parameters_.kernel_quality, depth));
  }
  std::vector<double> sum(depths_mm.size(), 0.0);
  for (std::size_t i = 0; i < node_mm_.size(); ++i) {
    const double rho = node_mm_[i];
    // Mean fluence on the circle of radius rho about the point; the kernel's 1/r cancels the circle's length.
    double mean = 0;
    if (radius_mm == 0) {
      mean = fluence(rho);
    } else {
      const int angles = std::min(16 + int(4 * rho), 240);
      for (int j = 0; j < angles; ++j) {
        const double cosine = std::cos(std::numbers::pi * (j + 0.5) / angles);
        mean += fluence(std::sqrt(std::max(0.0, radius_mm * radius_mm + rho * rho - 2 * radius_mm * rho * cosine)));
      }
      mean /= angles;
    }
    for (std::size_t d = 0; d < kernels.size(); ++d)
      sum[d] += node_weight_[i] * mean *
                (kernels[d].primary * std::exp(-kernels[d].primary_slope * rho) +
                 kernels[d].scatter * std::exp(-kernels[d].scatter_slope * rho));
  }
  return sum;
}

double build_up(double field_mm, double depth_mm) {
  // exp(-mu d) (1 - p exp(-d/l) - q exp(-d/m)), least squares over 0-60 mm of an EGSnrc run (6 MV spectrum of Mohan et
  // al., SSD 785 mm, 2 mm source spot, 12 circular fields); chi^2 per point 0.4-0.8 with 0.2 % added to each point's
  // own 1 sigma.
  struct Fit {
    double field_mm, mu, p, l, q, m;
  };
  static constexpr Fit fits[] = {
      {5, 0.00533, 0.45635, 3.1102, 0.50178, 1.36695},   {7.5, 0.00518, 0.66544, 3.25171, 0.29621, 1.27232},
      {10, 0.00505, 0.75485, 3.47338, 0.21030, 1.07191}, {12.5, 0.00492, 0.77774, 3.67731, 0.18879, 0.99983},
      {15, 0.00483, 0.77559, 3.88421, 0.19062, 0.99798}, {20, 0.00464, 0.76201, 4.15322, 0.20116, 1.05166},
      {25, 0.00442, 0.75837, 4.22617, 0.20428, 1.05697}, {30, 0.00424, 0.75289, 4.27942, 0.20976, 1.06351},
      {35, 0.00407, 0.75068, 4.28505, 0.21099, 1.06731}, {40, 0.00393, 0.74632, 4.30220, 0.21389, 1.08323},
      {50, 0.00365, 0.74609, 4.27514, 0.21128, 1.08750}, {60, 0.00341, 0.74964, 4.22394, 0.20718, 1.06312}};
  const auto shape = [](const Fit& f, double d) {
    return std::exp(-f.mu * d) * (1 - f.p * std::exp(-d / f.l) - f.q * std::exp(-d / f.m));
  };
  const auto relative = [&](const Fit& f) { return shape(f, depth_mm) / shape(f, 15); };
  if (field_mm <= fits[0].field_mm) return relative(fits[0]);
  for (std::size_t i = 1; i < std::size(fits); ++i)
    if (field_mm <= fits[i].field_mm) {
      const double f = (field_mm - fits[i - 1].field_mm) / (fits[i].field_mm - fits[i - 1].field_mm);
      return relative(fits[i - 1]) + f * (relative(fits[i]) - relative(fits[i - 1]));
    }
  return relative(std::end(fits)[-1]);
}

}  // namespace sbrt
