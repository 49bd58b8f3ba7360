/// report.html: one file that opens offline. The page shows the numbers of report.json and computes none of its own.
#pragma once

#include "engine/report/report_view.h"
#include "engine/report/surface_mesh.h"

#include <string>
#include <string_view>

namespace sbrt {

/// A built page that JSON and pictures are put into (web/, share/sbrtplan/page once installed): report.html or
/// compare.html.
/// @throws InputError when the installation lacks it
std::string page_template(std::string_view name = "report.html");

/// Files of the pictures as text blocks of the page: id and content.
struct PageBlock {
  std::string id, type, text;
};

/// The view as JSON (schema sbrtplan-view/1, docs/formats.md): structures with colours and surfaces, beams, volumes.
/// @param meshes surface of each structure  @param dose_unit_gy what one step of the embedded dose stands for
std::string view_json(const ReportView& view, const std::vector<SurfaceMesh>& meshes, double dose_unit_gy);

/// Puts the blocks into the template's place for them. Whatever a name may contain, no block can end early.
std::string filled_page(std::string_view page, const std::vector<PageBlock>& blocks);

std::string base64(std::string_view bytes);

}  // namespace sbrt
