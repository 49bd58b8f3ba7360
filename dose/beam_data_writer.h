/// A beam data set in memory, to be written as the four files that BeamData reads.
#pragma once

#include "dose/generic_files.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct BeamDataDescription {
  std::string name, version = "1", collimator_kind = "fixed", source, licence = "unstated";
};

/// values[i] is the row of first[i]; each as long as second.
struct BeamTable {
  std::vector<double> first, second;
  std::vector<std::vector<double>> values;
};

struct BeamDataParts {
  std::map<double, std::vector<std::pair<double, double>>> output_factors;  //!< collimator: (distance, OF) [mm]
  BeamTable tpr;                                                            //!< field [mm], depth [mm]
  std::map<double, BeamTable> ocr;  //!< collimator: depth, radius at 800 mm [mm]
};

/// beam-data.json, never marked clinical, with the program's reference (800 mm, 15 mm, 60 mm, 0.01 Gy per MU).
std::string beam_data_json(const BeamDataDescription& description);

/// Numbers with six decimals; axes as they are.
BeamDataFiles beam_data_files(const BeamDataDescription& description, const BeamDataParts& parts);

/// Writes the set as a whole, after reading it back. @throws InputError: the folder is in use, the disk is full, or the
/// reader refuses the set
void write_beam_data(const std::string& folder, const BeamDataFiles& files, bool overwrite);

}  // namespace sbrt
