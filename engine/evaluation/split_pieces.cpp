#include "engine/evaluation/split_pieces.h"

#include "geometry/parallel.h"
#include "geometry/piece_cells.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sbrt {
namespace {

constexpr double beyond_corners = 0.15;  // of the range at the corners: the dose bends between them
constexpr std::int64_t pieces_per_task = 512;

// Whether one of the isodoses may pass the cell.
bool passed(const PieceCells& cells, std::uint64_t number, const DoseInterpolator& dose,
            std::span<const double> isodoses_gy) {
  const PieceCells::Cell cell = cells.cell(number);
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (int corner = 0; corner < 8; ++corner) {
    const double d =
        dose.roughly_at(cells.point(cell, {double(corner & 1), double(corner >> 1 & 1), double(corner >> 2)}));
    low = std::min(low, d);
    high = std::max(high, d);
  }
  const double slack = beyond_corners * (high - low);
  return std::any_of(isodoses_gy.begin(), isodoses_gy.end(),
                     [&](double gy) { return gy >= low - slack && gy <= high + slack; });
}

void append_piece(SampledStructure& to, const Sample& sample, PatientPoint point, double dose_gy, std::uint64_t cell,
                  std::int32_t block) {
  to.samples.push_back(sample);
  to.points.push_back(point);
  to.dose_gy.push_back(dose_gy);
  to.cell.push_back(cell);
  to.block.push_back(block);
}

}  // namespace

std::optional<SampledStructure> split_at(const Shape& shape, const DoseInterpolator& dose,
                                         const SampledStructure& pieces, std::span<const double> isodoses_gy,
                                         double most) {
  SBRT_EXPECT(pieces.cell.size() == pieces.samples.size() && pieces.block.size() == pieces.samples.size());
  const PieceCells cells(shape, pieces.step_mm);
  const auto count = std::int64_t(pieces.samples.size());
  std::vector<std::uint8_t> points_of(pieces.samples.size());  // 0: not split
  parallel_for_blocks(count, pieces_per_task, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = std::size_t(begin); i < std::size_t(end); ++i)
      if (passed(cells, pieces.cell[i], dose, isodoses_gy))
        points_of[i] = std::uint8_t(cells.points_of(pieces.samples[i].volume_mm3));
  });
  if (double(count) + std::accumulate(points_of.begin(), points_of.end(), 0.0) > most) return std::nullopt;
  // Within a task the blocks of split pieces are numbered -1, -2, ...; those of the others keep their numbers.
  std::vector<SampledStructure> parts(std::size_t((count + pieces_per_task - 1) / pieces_per_task));
  parallel_for_blocks(count, pieces_per_task, [&](std::int64_t begin, std::int64_t end) {
    SampledStructure& part = parts[std::size_t(begin / pieces_per_task)];
    for (auto i = std::size_t(begin); i < std::size_t(end); ++i) {
      const Sample& sample = pieces.samples[i];
      const std::uint64_t cell = pieces.cell[i];
      std::vector<PatientPoint> points;
      if (points_of[i] > 0) points = cells.many_points(cell, sample.volume_mm3);
      if (points.empty()) {
        append_piece(part, sample, pieces.points[i], pieces.dose_gy[i], cell, pieces.block[i]);
        continue;
      }
      --part.blocks;
      const double share = sample.volume_mm3 / double(points.size());
      for (const PatientPoint& p : points) append_piece(part, {p, share}, p, dose(p), cell, part.blocks);
    }
  });
  SampledStructure all;
  all.step_mm = pieces.step_mm;
  std::size_t total = 0;
  for (const SampledStructure& part : parts) total += part.samples.size();
  all.samples.reserve(total), all.points.reserve(total), all.dose_gy.reserve(total);
  all.cell.reserve(total), all.block.reserve(total);
  const auto append = [](auto& to, const auto& more) { to.insert(to.end(), more.begin(), more.end()); };
  constexpr std::int32_t none = -1;
  std::vector<std::int32_t> renumbered(std::size_t(pieces.blocks), none);  // those that lost all pieces drop out
  for (SampledStructure& part : parts) {
    append(all.samples, part.samples);
    append(all.points, part.points);
    append(all.dose_gy, part.dose_gy);
    append(all.cell, part.cell);
    const std::int32_t before = all.blocks;
    all.blocks -= part.blocks;
    for (const std::int32_t block : part.block) {
      if (block >= 0 && renumbered[std::size_t(block)] == none) renumbered[std::size_t(block)] = all.blocks++;
      all.block.push_back(block < 0 ? before - 1 - block : renumbered[std::size_t(block)]);
    }
    part = {};
  }
  return all;
}

}  // namespace sbrt
