#include "phantoms/series.h"

#include "geometry/error.h"
#include "geometry/units.h"
#include "phantoms/archived_plan.h"
#include "phantoms/series_anatomy.h"
#include "phantoms/uniform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sbrt::phantoms {
namespace {

struct Row {
  int patient, study;
  Site site;
  double diameter_mm, dose_gy;
  int fractions;
};

// Counts of the published series: sites, sizes (26 up to 50 mm, median 55 mm), prescriptions. Who has which is ours.
constexpr Row rows[] = {
    {1, 1, Site::lung, 16, 54, 3},
    {2, 1, Site::lung, 25, 50, 5},
    {3, 1, Site::lung, 38, 48, 4},
    {4, 1, Site::lung, 52, 50, 5},
    {5, 1, Site::lung, 68, 60, 8},
    {6, 1, Site::lung, 22, 50, 5},
    {6, 1, Site::lung, 30, 50, 5},
    {7, 1, Site::lung, 20, 60, 3},
    {7, 2, Site::lung, 35, 45, 3},
    {8, 1, Site::lung, 42, 50, 5},
    {8, 2, Site::lung, 60, 50, 5},
    {9, 1, Site::lung, 28, 54, 3},
    {9, 2, Site::lung, 32, 48, 4},
    {9, 3, Site::lung, 56, 50, 5},
    {10, 1, Site::lung, 46, 45, 3},
    {10, 2, Site::lung, 49, 55, 5},
    {10, 3, Site::lung, 64, 50, 5},

    {11, 1, Site::chest, 40, 50, 5},
    {12, 1, Site::chest, 65, 45, 5},
    {13, 1, Site::chest, 72, 40, 5},
    {14, 1, Site::chest, 80, 60, 10},
    {15, 1, Site::chest, 95, 45, 5},

    {16, 1, Site::abdomen_pelvis, 36, 75, 5},
    {17, 1, Site::abdomen_pelvis, 62, 45, 5},
    {18, 1, Site::abdomen_pelvis, 88, 45, 5},
    {19, 1, Site::abdomen_pelvis, 125, 40, 5},
    {20, 1, Site::abdomen_pelvis, 160, 50, 10},
    {21, 1, Site::abdomen_pelvis, 200, 35, 5},
    {22, 1, Site::abdomen_pelvis, 30, 45, 5},
    {22, 1, Site::abdomen_pelvis, 44, 45, 5},
    {23, 1, Site::abdomen_pelvis, 58, 50, 5},
    {23, 2, Site::abdomen_pelvis, 96, 45, 5},
    {24, 1, Site::abdomen_pelvis, 54, 50, 5},
    {24, 2, Site::abdomen_pelvis, 75, 45, 5},
    {24, 3, Site::abdomen_pelvis, 115, 30, 3},
    {25, 1, Site::abdomen_pelvis, 70, 50, 5},
    {25, 2, Site::abdomen_pelvis, 82, 50, 5},
    {25, 3, Site::abdomen_pelvis, 90, 45, 5},
    {25, 4, Site::abdomen_pelvis, 105, 40, 5},
    {25, 5, Site::abdomen_pelvis, 140, 30, 3},

    {26, 1, Site::vertebra, 29, 30, 3},
    {27, 1, Site::vertebra, 53, 30, 2},
    {28, 1, Site::vertebra, 24, 30, 3},
    {28, 1, Site::vertebra, 34, 30, 3},
    {29, 1, Site::vertebra, 43, 36, 3},
    {29, 2, Site::vertebra, 58, 30, 3},
    {30, 1, Site::vertebra, 39, 33, 3},
    {30, 2, Site::vertebra, 48, 30, 3},
    {30, 3, Site::vertebra, 63, 30, 3},
    {30, 4, Site::vertebra, 74, 35, 4},

    {31, 1, Site::head_and_neck, 18, 50, 5},
    {32, 1, Site::head_and_neck, 47, 40, 5},
    {33, 1, Site::head_and_neck, 57, 40, 5},
    {34, 1, Site::head_and_neck, 62, 70, 10},
    {35, 1, Site::head_and_neck, 26, 45, 5},
    {35, 1, Site::head_and_neck, 33, 45, 5},

    {36, 1, Site::limb, 100, 50, 5},
    {37, 1, Site::limb, 120, 60, 5},
};
constexpr int lesions = int(std::size(rows));
constexpr double plane_mm = 3;  // between slices

/// A quantile function through the published extremes and median. @param skew 1 straight above the median, larger: few
/// cases come near the most
double quantile(double share, double least, double middle, double most, double skew = 1) {
  return share < 0.5 ? least + (middle - least) * 2 * share : middle + (most - middle) * std::pow(2 * share - 1, skew);
}

std::vector<int> shuffled(int count, Uniform& uniform) {
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int n = count - 1; n > 0; --n) std::swap(order[std::size_t(n)], order[std::size_t(uniform.below(n + 1))]);
  return order;
}

PatientVec draw_axes_mm(double diameter_mm, Uniform& uniform) {
  const double a = diameter_mm / 2;
  // Long lesions are slender: the girth of a body is limited.
  const double girth = diameter_mm > 90 ? uniform.between(0.52, 0.60) : uniform.between(0.66, 0.88);
  return {a, a * girth, a * girth * uniform.between(0.85, 1)};
}

/// Both ends of the long axis lie on slices, so the contours hold the largest diameter.
std::array<PatientVec, 3> draw_tilt(double semi_mm, bool upright, Uniform& uniform) {
  const double wanted =
      (upright || semi_mm > 35 ? uniform.between(60, 75) : uniform.between(20, 55)) * std::numbers::pi / 180;
  const double rise = std::max(1.0, std::round(semi_mm * std::sin(wanted) / plane_mm)) * plane_mm;
  const double sine = std::min(rise, std::floor(0.99 * semi_mm / plane_mm) * plane_mm) / semi_mm;
  const double turn = uniform.between(0, 2 * std::numbers::pi), roll = uniform.between(0, 2 * std::numbers::pi);
  const double flat = std::sqrt(1 - sine * sine);
  const PatientVec i{flat * std::cos(turn), flat * std::sin(turn), sine};
  const PatientVec side{-std::sin(turn), std::cos(turn), 0}, up = cross(i, side);
  const PatientVec j = std::cos(roll) * side + std::sin(roll) * up;
  return {i, j, cross(i, j)};
}

/// Directions spread evenly over the sphere.
std::vector<PatientVec> spread_directions(int count) {
  const double golden = std::numbers::pi * (3 - std::sqrt(5.0));
  std::vector<PatientVec> all;
  for (int n = 0; n < count; ++n) {
    const double z = 1 - (2 * n + 1.0) / count, r = std::sqrt(1 - z * z);
    all.push_back({r * std::cos(golden * n), r * std::sin(golden * n), z});
  }
  return all;
}

bool fits(const LobedEllipsoid& gtv, const SeriesAnatomy& anatomy, const std::vector<SeriesLesion>& others) {
  static const std::vector<PatientVec> directions = spread_directions(400);
  const LobedEllipsoid ptv = gtv.grown(series_margin_mm);
  for (const PatientVec d : directions) {
    const PatientPoint p = gtv.surface_towards(d);
    if (!anatomy.host.contains(p) || !anatomy.body.contains(ptv.surface_towards(d))) return false;
    for (const Solid& free : anatomy.kept_free)
      // Points between centre and surface too: a thin cord may pass between two directions, never a whole cone of them.
      for (const double share : {0.4, 0.7, 0.9, 1.0})
        if (free.contains(gtv.centre + share * (p - gtv.centre))) return false;
  }
  constexpr double apart = 30;  // so that the dose of one leaves the coverage of the other alone
  return std::all_of(others.begin(), others.end(), [&](const SeriesLesion& other) {
    return distance(other.form.centre, gtv.centre) >
           other.form.semi_axes_mm.x + gtv.semi_axes_mm.x + 2 * series_margin_mm + apart;
  });
}

LobedEllipsoid place(const Row& row, const std::vector<SeriesLesion>& others, Uniform& uniform) {
  LobedEllipsoid form;
  form.semi_axes_mm = draw_axes_mm(row.diameter_mm, uniform);
  form.dent = uniform.between(0.05, 0.12);
  const SeriesAnatomy anatomy = series_anatomy(row.site, int(others.size()), form.semi_axes_mm);
  constexpr int most_tries = 4000;
  for (int n = 0; n < most_tries; ++n) {
    form.axes = draw_tilt(form.semi_axes_mm.x, anatomy.upright, uniform);
    const PatientVec s = anatomy.spread_mm;
    form.centre =
        anatomy.place + PatientVec{uniform.between(-s.x, s.x), uniform.between(-s.y, s.y), uniform.between(-s.z, s.z)};
    form.centre.z = std::round(form.centre.z / plane_mm) * plane_mm;
    if (fits(form, anatomy, others)) return form;
  }
  throw InputError(fmt::format("no place for a lesion of {} mm ({})", row.diameter_mm, to_string(row.site)), "--seed",
                   "", "choose another seed");
}

}  // namespace

std::string_view to_string(Site site) {
  constexpr std::string_view names[] = {"lung", "chest", "abdomen/pelvis", "vertebra", "head and neck", "limb"};
  return names[int(site)];
}

std::string_view body_part_of(Site site) {
  constexpr std::string_view names[] = {"LUNG", "CHEST", "ABDOMENPELVIS", "SPINE", "HEADNECK", "EXTREMITY"};
  return names[int(site)];
}

std::string SeriesStudy::patient_id() const { return fmt::format("SERIES-{:02}", patient); }
std::string SeriesStudy::folder() const { return fmt::format("P{:02}/S{}", patient, number); }

Series plan_series(std::uint64_t seed) {
  Series series{seed, {}};
  Uniform order_of(seed);
  const std::vector<int> isodose_rank = shuffled(lesions, order_of), coverage_rank = shuffled(lesions, order_of);
  for (int n = 0; n < lesions; ++n) {
    const Row& row = rows[n];
    if (series.studies.empty() || series.studies.back().patient != row.patient ||
        series.studies.back().number != row.study)
      series.studies.push_back({row.patient, row.study, {}});
    SeriesStudy& study = series.studies.back();
    Uniform uniform(seed * 1000003 + std::uint64_t(n));
    SeriesLesion lesion;
    lesion.number = n + 1;
    lesion.site = row.site;
    lesion.dose_gy = row.dose_gy;
    lesion.fractions = row.fractions;
    lesion.form = place(row, study.lesions, uniform);
    const auto share = [](int rank) { return double(rank) / (lesions - 1); };
    const double c = share(coverage_rank[std::size_t(n)]);
    lesion.archived = fit_archived_plan(lesion.form.grown(series_margin_mm), quantile(c, 47.81, 86.12, 99.75),
                                        quantile(c, 1.00, 1.13, 2.77, 3));
    lesion.archived.isodose_pct = std::round(quantile(share(isodose_rank[std::size_t(n)]), 55, 75, 88) * 10) / 10;
    lesion.archived.fall_off_mm = 8 + 0.06 * row.diameter_mm;
    lesion.archived.beams = 60 + uniform.below(121);
    lesion.archived.total_mu = std::round(row.dose_gy * uniform.between(600, 1200));
    study.lesions.push_back(lesion);
  }
  for (SeriesStudy& study : series.studies)
    for (std::size_t n = 0; n < study.lesions.size(); ++n) {
      const std::string suffix = study.lesions.size() == 1 ? "" : fmt::format("_{}", n + 1);
      study.lesions[n].gtv = "GTV" + suffix;
      study.lesions[n].ptv = "PTV" + suffix;
      // One plan has one maximum.
      study.lesions[n].archived.isodose_pct = study.lesions[0].archived.isodose_pct;
    }
  return series;
}

double archived_dose_gy(const SeriesStudy& study, PatientPoint p) {
  double highest = 0;
  for (const SeriesLesion& lesion : study.lesions)
    highest =
        std::max(highest, archived_dose_gy(lesion.archived, lesion.form.grown(series_margin_mm), lesion.dose_gy, p));
  return highest;
}

std::string series_listing(const Series& series) {
  std::string csv =
      "lesion,patient_id,folder,site,gtv,ptv,largest_diameter_mm,gtv_cc,ptv_cc,dose_gy,fractions,isodose_pct,"
      "coverage_pct,ci,nci,beams,total_mu\n";
  for (const SeriesStudy& study : series.studies)
    for (const SeriesLesion& l : study.lesions)
      csv +=
          fmt::format("{},{},{},{},{},{},{},{:.4f},{:.4f},{},{},{},{:.4f},{:.4f},{:.4f},{},{}\n", l.number,
                      study.patient_id(), study.folder(), to_string(l.site), l.gtv, l.ptv, l.form.largest_diameter_mm(),
                      l.form.volume_mm3() / units::cc, l.form.grown(series_margin_mm).volume_mm3() / units::cc,
                      l.dose_gy, l.fractions, l.archived.isodose_pct, l.archived.coverage_pct, l.archived.ci,
                      100 * l.archived.ci / l.archived.coverage_pct, l.archived.beams, l.archived.total_mu);
  return csv;
}

}  // namespace sbrt::phantoms
