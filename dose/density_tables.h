/// Knots of the shipped CT-number tables.
#pragma once

#include <span>
#include <string_view>

namespace sbrt {

struct ShippedDensityTable {
  std::string_view name;
  std::span<const double> hu;
  std::span<const double> relative_electron_density;
};

std::span<const ShippedDensityTable> shipped_density_tables();

}  // namespace sbrt
