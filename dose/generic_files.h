/// The four files of the data set generic-6mv-fff, made from the closed-form model.
#pragma once

#include "dose/generic_model.h"

#include <string>

namespace sbrt {

struct BeamDataFiles {
  std::string description;     //!< beam-data.json
  std::string output_factors;  //!< of.csv
  std::string tpr;             //!< tpr.csv
  std::string ocr;             //!< ocr.csv
};

/// Same text for the same parameters (five decimals; the last digit may differ between mathematics libraries).
BeamDataFiles make_generic_files(const GenericModelParameters& parameters = {});

}  // namespace sbrt
