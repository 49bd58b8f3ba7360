/// Targets, organs and beams in space as one SVG, for those who look without a browser.
#pragma once

#include "engine/report/report_view.h"
#include "engine/report/surface_mesh.h"

#include <string>
#include <vector>

namespace sbrt {

/// Parallel projection, seen from the front, the patient's right and above; north of the picture is superior. Targets
/// and GTVs are solid, other structures transparent, beams drawn from at most 320 mm before their aim points. The same
/// text for the same input. Empty where there is nothing to show.
/// @param meshes one for each structure of `view`
std::string space_svg(const ReportView& view, const std::vector<SurfaceMesh>& meshes);

}  // namespace sbrt
