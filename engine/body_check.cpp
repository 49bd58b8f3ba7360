#include "engine/body_check.h"

#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double pieces_of_target = 2000;   // 0.05 % each
constexpr double tolerated_outside = 0.01;  // of a target: contours of target and body that touch
constexpr double clearly_larger = 1.01;     // volumes of equal contours differ by rounding only

double share_outside(const Shape& target, const Shape& body) {
  double outside = 0;
  for (const Sample& s : target.sample(std::max(std::cbrt(target.volume_mm3() / pieces_of_target), 0.05)))
    if (!body.contains(s.point)) outside += s.volume_mm3;
  return target.volume_mm3() > 0 ? outside / target.volume_mm3() : 0;
}

}  // namespace

void check_body(const Structure& body, bool named_by_user, const Shape& shape,
                const std::vector<NamedShape>& structures, const std::vector<std::string>& targets,
                Warnings& warnings) {
  const auto others = std::count_if(structures.begin(), structures.end(), [&](const NamedShape& s) {
    return s.role == RoiRole::external && s.shape.name() != body.name;
  });
  if (!named_by_user && others > 0)
    warnings.push_back(
        {"doubtful-body", fmt::format("{} structures have the role EXTERNAL; '{}' was taken as the body; "
                                      "choose by --body",
                                      others + 1, body.name)});
  if (body.role == RoiRole::external) return;
  std::string doubts;
  const auto doubt = [&](const std::string& text) { doubts += (doubts.empty() ? "" : "; ") + text; };
  const auto largest = std::max_element(structures.begin(), structures.end(), [](const auto& a, const auto& b) {
    return a.shape.volume_mm3() < b.shape.volume_mm3();
  });
  if (largest != structures.end() && largest->shape.volume_mm3() > clearly_larger * shape.volume_mm3())
    doubt(fmt::format("'{}' is larger ({:.4g} against {:.4g} cc)", largest->shape.name(),
                      largest->shape.volume_mm3() / units::cc, shape.volume_mm3() / units::cc));
  for (const NamedShape& s : structures) {
    if (std::find(targets.begin(), targets.end(), s.shape.name()) == targets.end()) continue;
    const double outside = share_outside(s.shape, shape);
    if (outside > tolerated_outside)
      doubt(fmt::format("{:.0f} % of '{}' lie outside it", 100 * outside, s.shape.name()));
  }
  if (!doubts.empty())
    warnings.push_back({"doubtful-body", fmt::format("'{}' (role {}) was taken as the body: {}", body.name,
                                                     to_string(body.role), doubts)});
}

}  // namespace sbrt
