#include "geometry/parallel.h"
#include "phantoms/part.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sbrt::phantoms {
namespace {

/// CT numbers along one line, painted over and over; lengths in mm from the beginning.
class PaintedLine {
 public:
  void begin(double length_mm, double hu) { strokes_.assign(1, {0, length_mm, hu}); }

  void paint(double enter_mm, double leave_mm, double hu) {
    enter_mm = std::max(enter_mm, strokes_.front().enter);
    leave_mm = std::min(leave_mm, strokes_.back().leave);
    if (!(enter_mm < leave_mm)) return;
    next_.clear();
    bool placed = false;
    for (const Stroke& s : strokes_) {
      if (s.enter < enter_mm) next_.push_back({s.enter, std::min(s.leave, enter_mm), s.hu});
      if (!placed && s.leave >= enter_mm) {
        next_.push_back({enter_mm, leave_mm, hu});
        placed = true;
      }
      if (s.leave > leave_mm) next_.push_back({std::max(s.enter, leave_mm), s.leave, s.hu});
    }
    strokes_.swap(next_);
  }

  /// Adds each voxel's mean CT number times `weight` to `row`.
  void add_to(std::vector<double>& row, double spacing_mm, double weight) const {
    for (const Stroke& s : strokes_) {
      const int first = std::clamp(int(s.enter / spacing_mm), 0, int(row.size()) - 1);
      const int last = std::clamp(int(s.leave / spacing_mm), 0, int(row.size()) - 1);
      for (int i = first; i <= last; ++i) {
        const double covered = std::min(s.leave, (i + 1) * spacing_mm) - std::max(s.enter, i * spacing_mm);
        if (covered > 0) row[std::size_t(i)] += weight * s.hu * covered / spacing_mm;
      }
    }
  }

 private:
  struct Stroke {
    double enter, leave, hu;
  };
  std::vector<Stroke> strokes_, next_;
};

bool may_meet(const Box& box, PatientPoint a, PatientPoint b) {
  return std::max(a.x, b.x) >= box.low.x && std::min(a.x, b.x) <= box.high.x && std::max(a.y, b.y) >= box.low.y &&
         std::min(a.y, b.y) <= box.high.y && std::max(a.z, b.z) >= box.low.z && std::min(a.z, b.z) <= box.high.z;
}

/// splitmix64 (Steele, Lea, Flood 2014): a well mixed function of a counter.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

}  // namespace

CtImage paint(const Grid& grid, const std::vector<Part>& parts, double outside_hu, int sub_rows) {
  SBRT_EXPECT(sub_rows >= 1);
  CtImage image(grid);
  const GridSize size = grid.size();
  const double spacing = grid.spacing_mm()[0], length = size.nx * spacing, weight = 1.0 / (sub_rows * sub_rows);
  std::vector<Box> boxes;
  for (const Part& part : parts) boxes.push_back(part.solid.bounding_box());
  parallel_for(size.nz, [&](std::int64_t k) {
    PaintedLine line;
    std::vector<double> row(std::size_t(size.nx));
    for (int j = 0; j < size.ny; ++j) {
      std::fill(row.begin(), row.end(), 0.0);
      for (int n = 0; n < sub_rows * sub_rows; ++n) {
        const double dj = (n % sub_rows + 0.5) / sub_rows - 0.5, dk = (n / sub_rows + 0.5) / sub_rows - 0.5;
        const PatientPoint start = grid.to_patient(VoxelPoint{-0.5, j + dj, double(k) + dk});
        const PatientPoint end = start + length * grid.axes().i;
        line.begin(length, outside_hu);
        for (std::size_t p = 0; p < parts.size(); ++p)
          if (parts[p].ct_number_hu && may_meet(boxes[p], start, end))
            for (const RayInterval& inside : parts[p].solid.crossings(start, grid.axes().i))
              line.paint(inside.enter, inside.leave, *parts[p].ct_number_hu);
        line.add_to(row, spacing, weight);
      }
      float* const out = &image(0, j, int(k));
      std::transform(row.begin(), row.end(), out, [](double hu) { return float(hu); });
    }
  });
  return image;
}

void add_noise(CtImage& image, double sigma_hu, std::uint64_t seed) {
  if (sigma_hu == 0) return;
  // The number of ones among 256 random bits is binomial, sigma 8; a uniform fraction fills the steps. Integers only,
  // so no library of any machine enters.
  const double scale = sigma_hu / std::sqrt(64.0 + 1.0 / 12.0);
  std::vector<float>& values = image.values();
  constexpr std::int64_t block = 1 << 16;
  parallel_for_blocks(std::int64_t(values.size()), block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      const std::uint64_t key = mixed(seed) + 5 * std::uint64_t(n);
      int ones = 0;
      for (std::uint64_t draw = 0; draw < 4; ++draw) ones += std::popcount(mixed(key + draw));
      const double fraction = double(mixed(key + 4) >> 11) * 0x1p-53;
      const double hu = double(values[std::size_t(n)]) + scale * (ones - 128 + fraction - 0.5);
      values[std::size_t(n)] = float(std::max(hu, -1024.0));
    }
  });
}

StructureSet draw(const std::vector<Part>& parts, const std::vector<double>& planes_z_mm,
                  const std::string& frame_of_reference_uid, double tolerance_mm) {
  std::vector<const Part*> drawn;
  for (const Part& part : parts)
    if (!part.structure.empty()) drawn.push_back(&part);
  std::vector<Structure> structures(drawn.size());
  parallel_for(std::int64_t(drawn.size()), [&](std::int64_t n) {
    const Part& part = *drawn[std::size_t(n)];
    structures[std::size_t(n)] = {int(n) + 1, part.structure, part.role, part.colour,
                                  contours_on(part.solid, planes_z_mm, tolerance_mm)};
  });
  return StructureSet(std::move(structures), frame_of_reference_uid);
}

}  // namespace sbrt::phantoms
