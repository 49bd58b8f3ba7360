#include "engine/report/space_picture.h"

#include "engine/report/picture_legend.h"
#include "engine/report/png_image.h"
#include "engine/report/report_page.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace sbrt {
namespace {

constexpr int finer = 2;  // samples for each pixel along both axes
constexpr int width_px = 860, height_px = 640;
constexpr double gap = 12, beam_shown_mm = 320, beam_width = 1.6 * finer;
constexpr std::array<std::uint8_t, 3> beam_colour{120, 200, 255}, background{22, 25, 29};
constexpr double ambient = 0.35;  // light on a surface that is seen from its edge

struct Screen {
  double x, y, depth;  // depth grows towards the viewer
};

// Towards the viewer: from the front, the patient's right and above (LPS).
const PatientVec to_viewer = (1 / std::sqrt(0.5 * 0.5 + 1 + 0.35 * 0.35)) * PatientVec{-0.5, -1, 0.35};
const PatientVec rightwards = (1 / norm(cross({0, 0, 1}, to_viewer))) * cross({0, 0, 1}, to_viewer);
const PatientVec upwards = cross(to_viewer, rightwards);

class Picture {
 public:
  Picture() : depth_(pixels(), lowest), colour_(pixels() * 3) {
    for (std::size_t i = 0; i < pixels(); ++i) std::copy(background.begin(), background.end(), &colour_[3 * i]);
  }

  static constexpr int width = width_px * finer, height = height_px * finer;

  void see(PatientPoint p) {
    const PatientVec v = p - PatientPoint{};
    const double at[] = {dot(v, rightwards), dot(v, upwards)};
    for (int a = 0; a < 2; ++a) low_[a] = std::min(low_[a], at[a]), high_[a] = std::max(high_[a], at[a]);
  }
  // Fits everything seen so far.
  void place() {
    scale_ = 0.96 * std::min(width / std::max(high_[0] - low_[0], 1.0), height / std::max(high_[1] - low_[1], 1.0));
    for (int a = 0; a < 2; ++a) middle_[a] = (low_[a] + high_[a]) / 2;
  }

  Screen project(PatientPoint p) const {
    const PatientVec v = p - PatientPoint{};
    return {width / 2.0 + scale_ * (dot(v, rightwards) - middle_[0]),
            height / 2.0 - scale_ * (dot(v, upwards) - middle_[1]), scale_ * dot(v, to_viewer)};
  }

  void draw_solid(const SurfaceMesh& mesh, const std::array<std::uint8_t, 3>& colour) {
    draw(mesh, [&](std::size_t at, float depth, double light) {
      if (depth <= depth_[at]) return;
      depth_[at] = depth;
      for (int c = 0; c < 3; ++c) colour_[3 * at + c] = std::uint8_t(colour[c] * light);
    });
  }

  // The nearest side only, so that a structure is one layer of colour.
  void draw_transparent(const SurfaceMesh& mesh, const std::array<std::uint8_t, 3>& colour, double opacity) {
    std::vector<float> nearest(pixels(), lowest);
    std::vector<float> lights(pixels());
    draw(mesh, [&](std::size_t at, float depth, double light) {
      if (depth <= nearest[at]) return;
      nearest[at] = depth;
      lights[at] = float(light);
    });
    for (std::size_t at = 0; at < pixels(); ++at) {
      if (nearest[at] <= depth_[at]) continue;
      for (int c = 0; c < 3; ++c)
        colour_[3 * at + c] =
            std::uint8_t((1 - opacity) * colour_[3 * at + c] + opacity * colour[c] * double(lights[at]));
    }
  }

  void draw_line(PatientPoint from, PatientPoint to) {
    const Screen a = project(from), b = project(to);
    const int steps = std::max(1, int(std::ceil(2 * std::hypot(b.x - a.x, b.y - a.y))));
    for (int s = 0; s <= steps; ++s) {
      const double t = double(s) / steps;
      const double x = a.x + t * (b.x - a.x), y = a.y + t * (b.y - a.y);
      const float depth = float(a.depth + t * (b.depth - a.depth));
      for (int j = int(std::ceil(y - beam_width / 2)); j <= int(std::floor(y + beam_width / 2)); ++j)
        for (int i = int(std::ceil(x - beam_width / 2)); i <= int(std::floor(x + beam_width / 2)); ++i) {
          if (i < 0 || j < 0 || i >= width || j >= height) continue;
          const std::size_t at = std::size_t(j) * width + i;
          if (depth <= depth_[at]) continue;
          depth_[at] = depth;
          std::copy(beam_colour.begin(), beam_colour.end(), &colour_[3 * at]);
        }
    }
  }

  // Means of the samples of each pixel.
  std::vector<std::uint8_t> image() const {
    std::vector<std::uint8_t> mean(std::size_t(width_px) * height_px * 3);
    for (int j = 0; j < height_px; ++j)
      for (int i = 0; i < width_px; ++i)
        for (int c = 0; c < 3; ++c) {
          int sum = 0;
          for (int b = 0; b < finer; ++b)
            for (int a = 0; a < finer; ++a)
              sum += colour_[3 * (std::size_t(j * finer + b) * width + i * finer + a) + c];
          mean[3 * (std::size_t(j) * width_px + i) + c] = std::uint8_t(sum / (finer * finer));
        }
    return mean;
  }

 private:
  static constexpr float lowest = std::numeric_limits<float>::lowest();
  static constexpr std::size_t pixels() { return std::size_t(width) * height; }

  template <class Put>
  void draw(const SurfaceMesh& mesh, Put&& put) const {
    std::vector<Screen> at(mesh.points.size());
    std::transform(mesh.points.begin(), mesh.points.end(), at.begin(), [&](PatientPoint p) { return project(p); });
    for (const auto& triangle : mesh.triangles) {
      const PatientVec normal = cross(mesh.points[triangle[1]] - mesh.points[triangle[0]],
                                      mesh.points[triangle[2]] - mesh.points[triangle[0]]);
      const double length = norm(normal);
      if (length <= 0) continue;
      const double light = ambient + (1 - ambient) * std::abs(dot(normal, to_viewer)) / length;
      fill(at[triangle[0]], at[triangle[1]], at[triangle[2]], light, put);
    }
  }

  template <class Put>
  void fill(const Screen& a, const Screen& b, const Screen& c, double light, Put&& put) const {
    const double area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (area == 0) return;
    const int left = std::max(0, int(std::ceil(std::min({a.x, b.x, c.x}))));
    const int right = std::min(width - 1, int(std::floor(std::max({a.x, b.x, c.x}))));
    const int top = std::max(0, int(std::ceil(std::min({a.y, b.y, c.y}))));
    const int bottom = std::min(height - 1, int(std::floor(std::max({a.y, b.y, c.y}))));
    for (int j = top; j <= bottom; ++j)
      for (int i = left; i <= right; ++i) {
        const double wb = ((i - a.x) * (c.y - a.y) - (j - a.y) * (c.x - a.x)) / area;
        const double wc = ((b.x - a.x) * (j - a.y) - (b.y - a.y) * (i - a.x)) / area;
        if (wb < 0 || wc < 0 || wb + wc > 1) continue;
        put(std::size_t(j) * width + i, float(a.depth + wb * (b.depth - a.depth) + wc * (c.depth - a.depth)), light);
      }
  }

  std::vector<float> depth_;
  std::vector<std::uint8_t> colour_;
  double low_[2] = {HUGE_VAL, HUGE_VAL}, high_[2] = {-HUGE_VAL, -HUGE_VAL};
  double scale_ = 1, middle_[2] = {0, 0};
};

PatientPoint shown_from(const Beam& beam) {
  const PatientVec back = beam.source - beam.aim;
  const double length = norm(back);
  return beam.aim + (std::min(length, beam_shown_mm) / length) * back;
}

bool is_solid(const ReportView& view, const ViewStructure& s) {
  return s.role == RoiRole::gtv ||
         std::find(view.targets.begin(), view.targets.end(), s.shape.name()) != view.targets.end();
}

}  // namespace

std::string space_svg(const ReportView& view, const std::vector<SurfaceMesh>& meshes) {
  SBRT_EXPECT(meshes.size() == view.structures.size());
  Picture picture;
  bool anything = !view.beams.empty();
  for (const SurfaceMesh& mesh : meshes)
    for (const PatientPoint& p : mesh.points) {
      picture.see(p);
      anything = true;
    }
  if (!anything) return "";
  for (const Beam& beam : view.beams) {
    picture.see(shown_from(beam));
    picture.see(beam.aim);
  }
  picture.place();

  std::vector<std::size_t> order(meshes.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < meshes.size(); ++i) {
    const ViewStructure& s = view.structures[i];
    if (meshes[i].triangles.empty()) continue;
    legend.push_back({s.shape.name(), fmt::format("rgb({},{},{})", s.colour[0], s.colour[1], s.colour[2])});
    // A GTV inside its target would not be seen in one colour with it; the target itself stays solid.
    if (is_solid(view, s)) picture.draw_solid(meshes[i], s.colour);
  }
  for (const Beam& beam : view.beams) picture.draw_line(shown_from(beam), beam.aim);
  if (!view.beams.empty()) legend.push_back({fmt::format("{} beams", view.beams.size()), "rgb(120,200,255)"});
  // Layers from the farthest to the nearest structure, the body last.
  std::vector<double> depth(meshes.size(), 0);
  for (std::size_t i = 0; i < meshes.size(); ++i)
    for (const PatientPoint& p : meshes[i].points)
      depth[i] += dot(p - PatientPoint{}, to_viewer) / double(meshes[i].points.size());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return depth[a] < depth[b]; });
  for (const bool body : {false, true})
    for (const std::size_t i : order) {
      const ViewStructure& s = view.structures[i];
      if ((s.role == RoiRole::external) != body || is_solid(view, s) || meshes[i].triangles.empty()) continue;
      picture.draw_transparent(meshes[i], s.colour, body ? 0.06 : 0.2);
    }

  const double width = width_px + 2 * gap, bottom = height_px + 3 * gap;
  const double height = bottom + 24 + legend_height(legend.size());
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"#e6e8eb\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "fill=\"#16191d\"/>\n",
      width, height);
  svg += fmt::format(
      "<image x=\"{0:.0f}\" y=\"{0:.0f}\" width=\"{1}\" height=\"{2}\" href=\"data:image/png;base64,{3}\"/>\n", gap,
      width_px, height_px, base64(png_image(picture.image(), width_px, height_px, 3)));
  svg += fmt::format(
      "<text x=\"{:.0f}\" y=\"{:.0f}\">seen from the front, the patient's right and above; parallel "
      "projection</text>\n",
      gap, bottom);
  return svg + legend_svg(legend, gap, bottom + 22, width - gap) + "</svg>\n";
}

}  // namespace sbrt
