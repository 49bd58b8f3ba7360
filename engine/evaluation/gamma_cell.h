/// The least gamma inside one cell of the evaluated grid. Coordinates along the grid's axes in units of the distance
/// criterion, doses in units of the dose criterion, both relative to the reference point.
#pragma once

#include <array>

namespace sbrt::gamma {

struct Cell {
  std::array<double, 3> corner;  //!< of the corner with the lowest indices
  std::array<double, 3> edge;    //!< > 0
  std::array<double, 8> dose;    //!< at the corners, bit 0: x, bit 1: y, bit 2: z
};

/// min(`best`, least squared gamma in the cell).
double least_squared(const Cell& cell, double best);

}  // namespace sbrt::gamma
