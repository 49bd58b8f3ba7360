/// Exact area of plane regions per cell of a raster, with first moments.
#pragma once

#include "geometry/planar.h"

#include <vector>

namespace sbrt::planar {

/// Adds up weighted regions on nu x nv unit cells; cell (i, j) fills [i, i + 1) x [j, j + 1) of the coordinates given.
/// Each edge is cut at the cell borders and accounts for the area on its +u side, so the cost follows the boundary.
class Coverage {
 public:
  Coverage(int nu, int nv, bool with_moments);
  /// @param loop in cell coordinates, inside on its left @param height third moment per area (position along the
  /// normal)
  void add(const Loop& loop, double weight, double height = 0);
  void clear();

  struct Cell {
    double area = 0;      // weighted
    double u = 0, v = 0;  // first moments in cell coordinates: area times centroid
    double height = 0;    // area times mean height
  };
  /// Calls visit(i, j, Cell) for cells with an area, row by row.
  template <class Visit>
  void visit(Visit&& visit) const;

 private:
  void add_edge(Uv a, Uv b, double weight, double height);
  void add_piece(int i, int j, Uv a, Uv b, double weight, double height);

  struct Sums {
    double area = 0, cover = 0;
  };
  struct Moments {
    double u = 0, v = 0, cover_v = 0, height = 0, cover_height = 0;
  };
  int nu_, nv_;
  std::vector<Sums> sums_;        // (nu + 1) per row
  std::vector<Moments> moments_;  // the same, empty without moments
  std::vector<char> touched_;     // rows
};

template <class Visit>
void Coverage::visit(Visit&& visit_cell) const {
  // Sums of cut pieces leave rounding behind: less than this part of a unit cell is nothing.
  constexpr double nothing = 1e-11;
  for (int j = 0; j < nv_; ++j) {
    if (!touched_[j]) continue;
    double cover = 0, cover_v = 0, cover_height = 0;
    for (int i = 0; i < nu_; ++i) {
      const std::size_t n = std::size_t(j) * (nu_ + 1) + i;
      cover += sums_[n].cover;
      Cell cell;
      cell.area = cover + sums_[n].area;
      if (!moments_.empty()) {
        const Moments& m = moments_[n];
        cover_v += m.cover_v;
        cover_height += m.cover_height;
        cell.u = i * cell.area + m.u + 0.5 * cover;
        cell.v = j * cell.area + m.v + cover_v;
        cell.height = m.height + cover_height;
      }
      if (cell.area > nothing) visit_cell(i, j, cell);
    }
  }
}

}  // namespace sbrt::planar
