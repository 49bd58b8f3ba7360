#include "engine/report/plane_pictures.h"

#include "dose/svg_plot.h"
#include "engine/report/picture_legend.h"
#include "engine/report/png_image.h"
#include "engine/report/report_page.h"

#include <fmt/format.h>
#include <itkContourExtractor2DImageFilter.h>
#include <itkImage.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace sbrt {
namespace {

constexpr double pixels_per_plane = 420;  // along the longer side
constexpr double gap = 12;

// Trilinear; `outside` where the grid does not reach.
template <class Value>
double sample(const Grid& grid, const Value& value, PatientPoint p, double outside) {
  const VoxelPoint v = grid.to_voxel(p);
  const int n[] = {grid.size().nx, grid.size().ny, grid.size().nz};
  const double at[] = {v.x, v.y, v.z};
  int low[3], high[3];
  double share[3];
  for (int a = 0; a < 3; ++a) {
    if (!(at[a] >= -0.5 && at[a] <= n[a] - 0.5)) return outside;
    const double inside = std::clamp(at[a], 0.0, n[a] - 1.0);
    low[a] = int(inside);
    high[a] = std::min(low[a] + 1, n[a] - 1);
    share[a] = inside - low[a];
  }
  double sum = 0;
  for (int c = 0; c < 8; ++c) {
    double weight = 1;
    int index[3];
    for (int a = 0; a < 3; ++a) {
      const bool upper = c >> a & 1;
      index[a] = upper ? high[a] : low[a];
      weight *= upper ? share[a] : 1 - share[a];
    }
    if (weight > 0) sum += weight * value(grid.index(index[0], index[1], index[2]));
  }
  return sum;
}

struct Plane {
  const char* name;
  PatientPoint corner;  // centre of the upper left pixel
  PatientVec right, down;
  int width, height;
  double step_mm;
  PatientPoint at(int x, int y) const { return corner + x * step_mm * right + y * step_mm * down; }
};

std::vector<Plane> planes_of(const Grid& frame, PatientPoint centre) {
  const Axes& a = frame.axes();
  const GridSize n = frame.size();
  const auto s = frame.spacing_mm();
  const double size[] = {n.nx * s[0], n.ny * s[1], n.nz * s[2]};
  const double step = std::max({size[0], size[1], size[2]}) / pixels_per_plane;
  const VoxelPoint c = frame.to_voxel(centre);
  const auto plane = [&](const char* name, int across, int vertical, bool upwards, VoxelPoint corner) {
    const PatientVec axis[] = {a.i, a.j, a.k};
    return Plane{name,
                 frame.to_patient(corner),
                 axis[across],
                 upwards ? -1.0 * axis[vertical] : axis[vertical],
                 std::max(2, int(size[across] / step)),
                 std::max(2, int(size[vertical] / step)),
                 step};
  };
  const double top = n.nz - 0.5;
  return {plane("axial", 0, 1, false, {-0.5, -0.5, c.z}), plane("coronal", 0, 2, true, {-0.5, c.y, top}),
          plane("sagittal", 1, 2, true, {c.x, -0.5, top})};
}

std::string png_of(const Plane& plane, const DisplayedImage* ct, std::array<double, 2> window_hu) {
  std::vector<std::uint8_t> grey(std::size_t(plane.width) * plane.height, 0);
  if (ct)
    for (int y = 0; y < plane.height; ++y)
      for (int x = 0; x < plane.width; ++x) {
        const double hu = sample(
            ct->grid, [&](std::size_t i) { return double(ct->values[i]); }, plane.at(x, y), -1e4);
        const double value = 255 * (hu - window_hu[0]) / (window_hu[1] - window_hu[0]);
        grey[std::size_t(y) * plane.width + x] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
      }
  return png_image(grey, plane.width, plane.height, 1);
}

bool crosses(const Plane& plane, const PictureLine& line) {
  const Box box = line.grid->bounding_box();
  const PatientVec normal = cross(plane.right, plane.down);
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double x : {box.low.x, box.high.x})
    for (const double y : {box.low.y, box.high.y})
      for (const double z : {box.low.z, box.high.z}) {
        const double t = dot(PatientPoint{x, y, z} - plane.corner, normal);
        low = std::min(low, t);
        high = std::max(high, t);
      }
  return low <= 0 && high >= 0;
}

std::string path_of(const Plane& plane, const PictureLine& line) {
  if (!crosses(plane, line)) return "";
  using Image = itk::Image<float, 2>;
  Image::Pointer image = Image::New();
  Image::SizeType size;
  size[0] = itk::SizeValueType(plane.width);
  size[1] = itk::SizeValueType(plane.height);
  image->SetRegions(size);
  image->Allocate(true);
  for (int y = 0; y < plane.height; ++y)
    for (int x = 0; x < plane.width; ++x)
      image->SetPixel({{x, y}}, float(sample(*line.grid, line.value, plane.at(x, y), 0)));
  using Extractor = itk::ContourExtractor2DImageFilter<Image>;
  Extractor::Pointer extractor = Extractor::New();
  extractor->SetInput(image);
  extractor->SetContourValue(line.level);
  extractor->Update();
  std::string path;
  for (unsigned i = 0; i < extractor->GetNumberOfOutputs(); ++i) {
    const auto* vertices = extractor->GetOutput(i)->GetVertexList();
    for (unsigned v = 0; v < vertices->Size(); ++v) {
      const auto point = vertices->GetElement(v);
      path += fmt::format("{}{:.1f} {:.1f}", v == 0 ? "M" : "L", point[0] + 0.5, point[1] + 0.5);
    }
  }
  return path;
}

}  // namespace

std::string planes_svg(const DisplayedImage* ct, const Grid& frame, PatientPoint centre,
                       const std::vector<PictureLine>& lines, std::array<double, 2> window_hu) {
  const std::vector<Plane> planes = planes_of(frame, centre);
  double width = gap, height = 0;
  for (const Plane& plane : planes) {
    width += plane.width + gap;
    height = std::max(height, double(plane.height));
  }
  const double all = height + 3 * gap + 16 + legend_height(lines.size());
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"#e6e8eb\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "fill=\"#16191d\"/>\n",
      width, all);
  double left = gap;
  for (const Plane& plane : planes) {
    svg += fmt::format(
        "<svg x=\"{:.0f}\" y=\"{:.0f}\" width=\"{}\" height=\"{}\">\n<image width=\"{}\" height=\"{}\" "
        "href=\"data:image/png;base64,{}\"/>\n",
        left, gap, plane.width, plane.height, plane.width, plane.height, base64(png_of(plane, ct, window_hu)));
    for (const PictureLine& line : lines)
      if (const std::string path = path_of(plane, line); !path.empty())
        svg +=
            fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\"{}><title>{}</title></path>\n",
                        path, line.colour, line.dashed ? " stroke-dasharray=\"5 3\"" : "", markup_escaped(line.label));
    svg += fmt::format("</svg>\n<text x=\"{:.0f}\" y=\"{:.0f}\">{}</text>\n", left, height + 2 * gap + 6, plane.name);
    left += plane.width + gap;
  }
  std::vector<LegendEntry> legend;
  for (const PictureLine& line : lines) legend.push_back({line.label, line.colour, line.dashed});
  return svg + legend_svg(legend, gap, height + 3 * gap + 14, width - gap) + "</svg>\n";
}

}  // namespace sbrt
