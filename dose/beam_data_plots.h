/// Plots of a beam data set as SVG: plain files without script or outside fonts.
#pragma once

#include "dose/beam_data.h"

#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct PlotFile {
  std::string name;  //!< of.svg, tpr.svg, ocr-10mm.svg
  std::string svg;
};

/// OF over the collimator at several distances, TPR over depth by field, OCR over radius by depth for each collimator.
/// Lines join the nodes of the tables, as the dose engine does.
std::vector<PlotFile> beam_data_plots(const BeamData& data);

}  // namespace sbrt
