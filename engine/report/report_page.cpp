#include "engine/report/report_page.h"

#include "engine/json.h"
#include "geometry/error.h"
#include "geometry/shipped_data.h"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sbrt {
namespace {

constexpr std::string_view place = "<!-- report data -->";

// NIfTI's axes: x to the left and y to the back change their sign.
std::string packed_points(const SurfaceMesh& mesh) {
  std::vector<float> values;
  for (const PatientPoint& p : mesh.points)
    for (const double v : {-p.x, -p.y, p.z}) values.push_back(float(v));
  return base64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

std::string packed_triangles(const SurfaceMesh& mesh) {
  return base64(
      {reinterpret_cast<const char*>(mesh.triangles.data()), mesh.triangles.size() * 3 * sizeof(std::uint32_t)});
}

// "</script>" and "<!--" inside a JSON text would end or hide the block; as an escape they are the same text.
std::string harmless(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      text += "\\u003c";
    else if (c == '>')
      text += "\\u003e";
    else if (c == '&')
      text += "\\u0026";
    else
      text += c;
  }
  return text;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the end that OpenSSL writes
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()), int(bytes.size()));
  text.resize(std::size_t(size));
  return text;
}

std::string page_template(std::string_view name) {
  for (const auto& folder : shipped_data_folders(SBRT_PAGE_DIR)) {
    std::ifstream file(folder / "page" / name, std::ios::binary);
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  throw InputError("the page of the report was not found", "share/sbrtplan/page/" + std::string(name),
                   "the installation is not whole", "build the target sbrtplan_page, or set SBRTPLAN_DATA");
}

std::string view_json(const ReportView& view, const std::vector<SurfaceMesh>& meshes, double dose_unit_gy) {
  SBRT_EXPECT(meshes.size() == view.structures.size());
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-view/1");
  if (view.dose) json.member("dose_unit_gy", dose_unit_gy);
  json.key("targets").begin_array();
  for (const std::string& name : view.targets) json.value(name);
  json.end_array();
  if (!view.targets.empty())
    for (const ViewStructure& s : view.structures)
      if (s.shape.name() == view.targets.front()) json.member("focus_mm", s.shape.centroid());
  json.key("structures").begin_array();
  for (std::size_t i = 0; i < view.structures.size(); ++i) {
    const ViewStructure& s = view.structures[i];
    json.begin_row_object().member("name", s.shape.name()).member("role", to_string(s.role));
    json.member("colour", std::vector<double>(s.colour.begin(), s.colour.end()));
    json.member("points", packed_points(meshes[i])).member("triangles", packed_triangles(meshes[i]));
    json.end_object();
  }
  json.end_array();
  json.key("beams").begin_array();
  for (const Beam& beam : view.beams) {
    json.begin_row_object().member("node", beam.node).member("source_mm", beam.source).member("aim_mm", beam.aim);
    json.member("collimator_mm", beam.collimator_mm).end_object();
  }
  json.end_array();
  json.end_object();
  return json.finish();
}

std::string filled_page(std::string_view page, const std::vector<PageBlock>& blocks) {
  const std::size_t at = page.find(place);
  SBRT_EXPECT(at != std::string_view::npos);
  std::string html(page.substr(0, at));
  std::size_t size = page.size();
  for (const PageBlock& block : blocks) size += block.text.size() + 100;
  html.reserve(size);
  for (const PageBlock& block : blocks) {
    html += "<script type=\"" + block.type + "\" id=\"" + block.id + "\">";
    html += block.type == "application/json" ? harmless(block.text) : block.text;
    html += "</script>\n";
  }
  html += page.substr(at + place.size());
  return html;
}

}  // namespace sbrt
