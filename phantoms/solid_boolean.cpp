#include "geometry/error.h"
#include "phantoms/polygon_boolean.h"
#include "phantoms/solid_node.h"

namespace sbrt::phantoms {
namespace {

Box box_of_both(const Box& a, const Box& b) {
  Box all = a;
  all.add(b.low);
  all.add(b.high);
  return all;
}

Box common_box(const Box& a, const Box& b) {
  return {{std::fmax(a.low.x, b.low.x), std::fmax(a.low.y, b.low.y), std::fmax(a.low.z, b.low.z)},
          {std::fmin(a.high.x, b.high.x), std::fmin(a.high.y, b.high.y), std::fmin(a.high.z, b.high.z)}};
}

struct Combination : Solid::Node {
  Combination(Solid first, Solid second, BooleanOperation op)
      : a(std::move(first)), b(std::move(second)), operation(op) {}
  Solid a, b;
  BooleanOperation operation;

  bool contains(PatientPoint p) const override {
    switch (operation) {
      case BooleanOperation::unite:
        return a.contains(p) || b.contains(p);
      case BooleanOperation::intersect:
        return a.contains(p) && b.contains(p);
      case BooleanOperation::subtract:
        return a.contains(p) && !b.contains(p);
    }
    return false;
  }
  Box bounding_box() const override {
    if (operation == BooleanOperation::unite) return box_of_both(a.bounding_box(), b.bounding_box());
    return operation == BooleanOperation::intersect ? common_box(a.bounding_box(), b.bounding_box()) : a.bounding_box();
  }
  void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const override {
    a.node().breakpoints(origin, direction, t);
    b.node().breakpoints(origin, direction, t);
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    return combine(a.section(z_mm, tolerance_mm), b.section(z_mm, tolerance_mm), operation);
  }
};

/// Two solids whose boundaries do not meet: the even-odd sum of their sections is the section of either combination.
struct Nested final : Combination {
  using Combination::Combination;
  std::optional<double> volume_mm3() const override {
    const auto first = a.volume_mm3(), second = b.volume_mm3();
    if (!first || !second) return std::nullopt;
    return operation == BooleanOperation::subtract ? *first - *second : *first + *second;
  }
  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    std::vector<Polygon> both = a.section(z_mm, tolerance_mm);
    for (Polygon& polygon : b.section(z_mm, tolerance_mm)) both.push_back(std::move(polygon));
    return both;
  }
};

template <class Kind>
Solid combination(const Solid& a, const Solid& b, BooleanOperation operation) {
  return Solid(std::make_shared<const Kind>(a, b, operation));
}

}  // namespace

Solid united(const Solid& a, const Solid& b) { return combination<Combination>(a, b, BooleanOperation::unite); }
Solid intersected(const Solid& a, const Solid& b) {
  return combination<Combination>(a, b, BooleanOperation::intersect);
}
Solid subtracted(const Solid& a, const Solid& b) { return combination<Combination>(a, b, BooleanOperation::subtract); }
Solid with_hole(const Solid& outer, const Solid& inner) {
  return combination<Nested>(outer, inner, BooleanOperation::subtract);
}
Solid joined_apart(const Solid& a, const Solid& b) { return combination<Nested>(a, b, BooleanOperation::unite); }

}  // namespace sbrt::phantoms
