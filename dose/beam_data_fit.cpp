#include "dose/beam_data_fit.h"

#include "dose/csv.h"
#include "dose/text_lines.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unsupported/Eigen/NonLinearOptimization>

namespace sbrt {
namespace {

constexpr double reference_depth_mm = 15, reference_distance_mm = 800, reference_collimator_mm = 60;
constexpr double determined_share = 0.7;  // a parameter whose plausible width the points leave above this is not fitted
constexpr double outlier_sigma = 3, chi2_warning = 2;

/// A parameter of the model, how wide it plausibly lies about its start, and where the model stops to make sense.
struct Free {
  std::string name, unit;
  double start, width, low, high;
  double* (*place)(GenericModelParameters&, std::size_t aperture);
  std::size_t aperture = 0;
};

std::vector<Free> all_free(const GenericModelParameters& start) {
  std::vector<Free> all{
      {"kernel quality", "", start.kernel_quality, 0.02, 0.60, 0.74,
       [](GenericModelParameters& p, std::size_t) { return &p.kernel_quality; }},
      {"blur sigma", "mm", start.blur_sigma_mm, 0.4, 0.2, 3.0,
       [](GenericModelParameters& p, std::size_t) { return &p.blur_sigma_mm; }},
      {"fluence fall", "1/mm2", start.fluence_fall_per_mm2, 1e-4, -5e-4, 5e-4,
       [](GenericModelParameters& p, std::size_t) { return &p.fluence_fall_per_mm2; }},
      {"transmission", "", start.transmission, 0.003, -0.005, 0.03,
       [](GenericModelParameters& p, std::size_t) { return &p.transmission; }},
  };
  for (std::size_t i = 0; i < start.apertures.size(); ++i) {
    const double c = start.apertures[i].collimator_mm, r = start.apertures[i].radius_mm;
    all.push_back({fmt::format("aperture radius of {:g} mm", c), "mm", r, 0.3, 0.8 * c / 2, 1.25 * c / 2,
                   [](GenericModelParameters& p, std::size_t a) { return &p.apertures[a].radius_mm; }, i});
  }
  return all;
}

/// The positions asked of one field diameter.
struct Field {
  double diameter_mm = 0;
  std::vector<double> depths;                    // of all its points and the reference
  std::vector<double> radii{0};                  // at 800 mm
  std::vector<std::vector<double>> dose;         // by radius, by depth
  std::vector<std::vector<double>> cached_keys;  // parameters that the doses depend on
  std::vector<std::vector<std::vector<double>>> cached;
};

std::size_t index_of(const std::vector<double>& values, double v) {
  return std::size_t(std::find(values.begin(), values.end(), v) - values.begin());
}

void add_unique(std::vector<double>& values, double v) {
  if (index_of(values, v) == values.size()) values.push_back(v);
}

/// Model values at the points; fields whose parameters did not change are not computed again.
class PointModel {
 public:
  explicit PointModel(const std::vector<MeasuredPoint>& points) : points_(points) {
    std::map<double, Field> fields;
    const auto field = [&](double diameter) -> Field& {
      Field& f = fields[diameter];
      f.diameter_mm = diameter;
      add_unique(f.depths, reference_depth_mm);
      return f;
    };
    field(reference_collimator_mm);
    for (const MeasuredPoint& p : points) {
      Field& f = field(diameter_of(p));
      add_unique(f.depths, p.depth_mm);
      add_unique(f.radii, radius_of(p));
    }
    for (auto& [diameter, f] : fields) fields_.push_back(std::move(f));
  }

  Eigen::VectorXd operator()(const GenericModelParameters& parameters) {
    parallel_for(std::int64_t(fields_.size()), [&](std::int64_t i) { compute(fields_[std::size_t(i)], parameters); });
    const Field& reference = find(reference_collimator_mm);
    Eigen::VectorXd values(Eigen::Index(points_.size()));
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const MeasuredPoint& p = points_[i];
      const Field& f = find(diameter_of(p));
      const auto dose = [&](double radius, double depth) {
        return f.dose[index_of(f.radii, radius)][index_of(f.depths, depth)];
      };
      const double at = dose(radius_of(p), p.depth_mm);
      values[Eigen::Index(i)] = p.kind == MeasuredKind::output_factor          ? at / reference.dose[0][0]
                                : p.kind == MeasuredKind::tissue_phantom_ratio ? at / dose(0, reference_depth_mm)
                                                                               : at / dose(0, p.depth_mm);
    }
    return values;
  }

 private:
  /// OF(c, z) and TPR belong to the field in the plane of the point, OCR to the collimator at 800 mm.
  static double diameter_of(const MeasuredPoint& p) {
    return p.kind == MeasuredKind::off_axis_ratio ? p.collimator_mm
                                                  : p.collimator_mm * p.distance_mm / reference_distance_mm;
  }
  static double radius_of(const MeasuredPoint& p) { return p.radius_mm * reference_distance_mm / p.distance_mm; }
  const Field& find(double diameter) const {
    return *std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.diameter_mm == diameter; });
  }
  static void compute(Field& f, const GenericModelParameters& p) {
    std::vector<double> key{p.kernel_quality, p.blur_sigma_mm, p.fluence_fall_per_mm2, p.transmission};
    // The radius of a field follows from its two neighbours among the apertures, or from the one at the end.
    const auto above = std::find_if(p.apertures.begin(), p.apertures.end(),
                                    [&](const ApertureRadius& a) { return a.collimator_mm >= f.diameter_mm; });
    if (above != p.apertures.end()) key.push_back(above->radius_mm);
    if (above != p.apertures.begin()) key.push_back((above - 1)->radius_mm);
    for (std::size_t i = 0; i < f.cached_keys.size(); ++i)
      if (f.cached_keys[i] == key) {
        f.dose = f.cached[i];
        return;
      }
    const GenericField field(p, f.diameter_mm);
    f.dose.clear();
    for (const double r : f.radii) f.dose.push_back(field.dose(r, f.depths));
    constexpr std::size_t kept = 8;
    if (f.cached_keys.size() == kept) {
      f.cached_keys.erase(f.cached_keys.begin());
      f.cached.erase(f.cached.begin());
    }
    f.cached_keys.push_back(std::move(key));
    f.cached.push_back(f.dose);
  }

  const std::vector<MeasuredPoint>& points_;
  std::vector<Field> fields_;
};

/// Residuals in standard deviations over the free parameters in units of their plausible widths; Eigen's functor.
struct Residuals {
  using Scalar = double;
  using InputType = Eigen::VectorXd;
  using ValueType = Eigen::VectorXd;
  using JacobianType = Eigen::MatrixXd;
  enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };

  const std::vector<MeasuredPoint>& points;
  PointModel& model;
  GenericModelParameters start;
  std::vector<Free> free;

  int inputs() const { return int(free.size()); }
  int values() const { return int(points.size()); }
  GenericModelParameters at(const Eigen::VectorXd& x) const {
    GenericModelParameters p = start;
    for (std::size_t i = 0; i < free.size(); ++i)
      *free[i].place(p, free[i].aperture) =
          std::clamp(free[i].start + free[i].width * x[Eigen::Index(i)], free[i].low, free[i].high);
    return p;
  }
  int operator()(const Eigen::VectorXd& x, Eigen::VectorXd& r) const {
    r = model(at(x));
    for (std::size_t i = 0; i < points.size(); ++i)
      r[Eigen::Index(i)] = (r[Eigen::Index(i)] - points[i].value) / points[i].uncertainty;
    return 0;
  }
  /// Central differences.
  int df(const Eigen::VectorXd& x, Eigen::MatrixXd& jacobian) const {
    constexpr double step = 0.01;
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      Eigen::VectorXd low = x, high = x, r_low, r_high;
      low[i] -= step;
      high[i] += step;
      (*this)(low, r_low);
      (*this)(high, r_high);
      jacobian.col(i) = (r_high - r_low) / (2 * step);
    }
    return 0;
  }
};

/// Share of each plausible width that the points leave: sqrt(diag((J'J + 1)^-1)).
Eigen::VectorXd widths_left(const Eigen::MatrixXd& jacobian) {
  const Eigen::MatrixXd information =
      jacobian.transpose() * jacobian + Eigen::MatrixXd::Identity(jacobian.cols(), jacobian.cols());
  return information.inverse().diagonal().cwiseSqrt();
}

GenericModelParameters start_for(const std::vector<MeasuredPoint>& points) {
  std::set<double> collimators{reference_collimator_mm};
  for (const MeasuredPoint& p : points) collimators.insert(p.collimator_mm);
  GenericModelParameters start;
  const std::vector<ApertureRadius> shipped = start.apertures;
  start.apertures.clear();
  for (const double c : collimators) {
    // As the model itself does: radius over diameter linear between the shipped cones, constant outside.
    double ratio = shipped.front().radius_mm / shipped.front().collimator_mm;
    for (std::size_t i = 0; i < shipped.size() && shipped[i].collimator_mm <= c; ++i) {
      const double here = shipped[i].radius_mm / shipped[i].collimator_mm;
      ratio = here;
      if (i + 1 < shipped.size() && c < shipped[i + 1].collimator_mm)
        ratio += (c - shipped[i].collimator_mm) / (shipped[i + 1].collimator_mm - shipped[i].collimator_mm) *
                 (shipped[i + 1].radius_mm / shipped[i + 1].collimator_mm - here);
    }
    start.apertures.push_back({c, ratio * c});
  }
  return start;
}

void judge(BeamDataFit& fit, const std::vector<MeasuredPoint>& points, std::size_t free) {
  double squares = 0, chi2 = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double residual = fit.modelled[i] - points[i].value, sigmas = residual / points[i].uncertainty;
    squares += residual * residual;
    chi2 += sigmas * sigmas;
    if (std::abs(sigmas) > outlier_sigma)
      fit.warnings.push_back(
          {"fit-outlier", fmt::format("the point in line {} is {:.1f} standard deviations off the fit ({:.4f} "
                                      "instead of {:.4f})",
                                      points[i].line, sigmas, fit.modelled[i], points[i].value)});
  }
  fit.rms = std::sqrt(squares / double(points.size()));
  if (points.size() > free) fit.reduced_chi2 = chi2 / double(points.size() - free);
  if (points.size() <= free)
    fit.warnings.push_back({"fit-no-redundancy", fmt::format("{} points for {} parameters: the residuals prove nothing",
                                                             points.size(), free)});
  if (fit.reduced_chi2 > chi2_warning)
    fit.warnings.push_back(
        {"fit-poor", fmt::format("chi^2 per degree of freedom is {:.1f}: the model does not describe the points "
                                 "within their uncertainties, so those of the parameters are too small",
                                 fit.reduced_chi2)});
}

}  // namespace

std::vector<double> model_points(const GenericModelParameters& parameters, const std::vector<MeasuredPoint>& points) {
  PointModel model(points);
  const Eigen::VectorXd values = model(parameters);
  return {values.begin(), values.end()};
}

BeamDataFit fit_generic_model(const std::vector<MeasuredPoint>& points) {
  SBRT_EXPECT(!points.empty());
  PointModel model(points);
  const GenericModelParameters start = start_for(points);
  const std::vector<Free> all = all_free(start);
  Residuals residuals{points, model, start, all};
  Eigen::VectorXd x = Eigen::VectorXd::Zero(Eigen::Index(all.size()));
  Eigen::MatrixXd jacobian(points.size(), all.size());
  residuals.df(x, jacobian);
  const Eigen::VectorXd left = widths_left(jacobian);

  BeamDataFit fit;
  residuals.free.clear();
  for (std::size_t i = 0; i < all.size(); ++i) {
    fit.table.push_back({all[i].name, all[i].unit, all[i].start, 0, left[Eigen::Index(i)] <= determined_share});
    if (fit.table[i].fitted)
      residuals.free.push_back(all[i]);
    else
      fit.warnings.push_back(
          {"fit-not-determined", fmt::format("the points do not determine the {}: the model's own {:g}{} stands",
                                             all[i].name, all[i].start, all[i].unit.empty() ? "" : " " + all[i].unit)});
  }
  if (residuals.free.empty() || points.size() < residuals.free.size())
    throw InputError(fmt::format("{} points for {} parameters", points.size(), residuals.free.size()), "",
                     "the points do not determine the model",
                     "measure more points: see docs/formats.md, \"beam-data fit\"");

  x = Eigen::VectorXd::Zero(Eigen::Index(residuals.free.size()));
  Eigen::LevenbergMarquardt<Residuals> solver(residuals);
  solver.parameters.xtol = solver.parameters.ftol = 1e-10;
  solver.parameters.maxfev = 100;
  const auto status = solver.minimize(x);
  if (status == Eigen::LevenbergMarquardtSpace::TooManyFunctionEvaluation)
    fit.warnings.push_back({"fit-not-converged", "the fit did not settle in 100 steps"});

  fit.parameters = residuals.at(x);
  jacobian.resize(points.size(), Eigen::Index(residuals.free.size()));
  residuals.df(x, jacobian);
  const Eigen::MatrixXd covariance =
      (jacobian.transpose() * jacobian).ldlt().solve(Eigen::MatrixXd::Identity(x.size(), x.size()));
  Eigen::Index k = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!fit.table[i].fitted) continue;
    const Free& f = all[i];
    GenericModelParameters p = fit.parameters;
    fit.table[i].value = *f.place(p, f.aperture);
    fit.table[i].uncertainty = f.width * std::sqrt(std::max(0.0, covariance(k, k)));
    if (fit.table[i].value <= f.low || fit.table[i].value >= f.high)
      throw InputError(fmt::format("the fit drives the {} to {:g}{}", f.name, fit.table[i].value,
                                   f.unit.empty() ? "" : " " + f.unit),
                       "", fmt::format("the model makes sense between {:g} and {:g} only", f.low, f.high),
                       "check units and values of the measured points");
    ++k;
  }
  const Eigen::VectorXd values = model(fit.parameters);
  fit.modelled.assign(values.begin(), values.end());
  judge(fit, points, residuals.free.size());
  return fit;
}

std::vector<MeasuredPoint> parse_measured_points(std::string_view text, const std::string& where) {
  // The first column is a word: it becomes a number in a copy with the same lines, for the reader of numbers.
  const std::vector<std::string> kinds{"of", "tpr", "ocr"};
  std::string numeric;
  bool header = true;
  for (const auto& [number, line] : numbered_lines(text)) {
    std::string copy(line);
    if (!line.empty() && line.front() != '#' && !std::exchange(header, false)) {
      const std::size_t comma = std::min(line.find(','), line.size());
      const auto cell = tokens_of(line.substr(0, comma), " \t");
      const auto kind = cell.size() == 1 ? std::find(kinds.begin(), kinds.end(), cell[0]) : kinds.end();
      if (kind == kinds.end())
        throw InputError(fmt::format("'{}'", line.substr(0, comma)), fmt::format("{}, line {}", where, number),
                         "the kind is of, tpr or ocr", "correct the line");
      copy = fmt::format("{}{}", kind - kinds.begin(), line.substr(comma));
    }
    numeric += copy + "\n";
  }
  std::vector<MeasuredPoint> points;
  for (const CsvRow& row : parse_number_csv(
           numeric, where, {"kind", "collimator_mm", "depth_mm", "radius_mm", "distance_mm", "value", "uncertainty"})) {
    const auto& v = row.values;
    const MeasuredPoint p{MeasuredKind(int(v[0])), row.line, v[1], v[2], v[3], v[4], v[5], v[6]};
    const auto refuse = [&](const std::string& problem, const std::string& why) {
      throw InputError(problem, fmt::format("{}, line {}", where, row.line), why, "correct the line");
    };
    if (!(p.collimator_mm >= 2 && p.collimator_mm <= 120))
      refuse(fmt::format("the collimator is {} mm", p.collimator_mm), "2 to 120 mm are modelled");
    if (!(p.distance_mm >= 300 && p.distance_mm <= 2000))
      refuse(fmt::format("the distance is {} mm", p.distance_mm), "300 to 2000 mm from the source are expected");
    if (!(p.depth_mm >= reference_depth_mm && p.depth_mm <= 450))
      refuse(fmt::format("the depth is {} mm", p.depth_mm), "the model holds from 15 to 450 mm");
    if (p.kind == MeasuredKind::output_factor && p.depth_mm != reference_depth_mm)
      refuse(fmt::format("an output factor at {} mm depth", p.depth_mm), "output factors belong to 15 mm depth");
    if (p.kind == MeasuredKind::off_axis_ratio ? !(p.radius_mm >= 0 && p.radius_mm <= 150) : p.radius_mm != 0)
      refuse(fmt::format("the radius is {} mm", p.radius_mm),
             "output factors and TPR belong to the axis, OCR to 0 to 150 mm");
    if (!(p.value >= 0 && p.value <= 2))
      refuse(fmt::format("the value is {}", p.value), "a ratio from 0 to 2 is expected");
    if (!(p.uncertainty > 0))
      refuse(fmt::format("the uncertainty is {}", p.uncertainty), "one positive standard deviation is expected");
    points.push_back(p);
  }
  return points;
}

}  // namespace sbrt
