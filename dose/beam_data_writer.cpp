#include "dose/beam_data_writer.h"

#include "dose/beam_data.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sbrt {

std::string beam_data_json(const BeamDataDescription& d) {
  nlohmann::ordered_json document;
  document["schema"] = "sbrtplan-beam-data/1";
  document["name"] = d.name;
  document["version"] = d.version;
  document["collimator_kind"] = d.collimator_kind;
  document["clinical"] = false;
  document["source"] = d.source;
  document["licence"] = d.licence;
  document["reference"] = {{"distance_mm", 800}, {"depth_mm", 15}, {"collimator_mm", 60}, {"gy_per_mu", 0.01}};
  try {
    return document.dump(2) + "\n";
  } catch (const nlohmann::json::type_error&) {
    throw InputError("a name, version, source or licence is not UTF-8", "", "beam-data.json is UTF-8",
                     "give it in UTF-8");
  }
}

BeamDataFiles beam_data_files(const BeamDataDescription& description, const BeamDataParts& parts) {
  BeamDataFiles files;
  files.description = beam_data_json(description);
  files.output_factors = "collimator_mm,distance_mm,output_factor\n";
  for (const auto& [collimator, values] : parts.output_factors)
    for (const auto& [distance, of] : values)
      files.output_factors += fmt::format("{},{},{:.6f}\n", collimator, distance, of);
  files.tpr = "field_mm,depth_mm,tpr\n";
  const auto rows = [](const BeamTable& table, const std::string& prefix) {
    std::string text;
    for (std::size_t i = 0; i < table.first.size(); ++i)
      for (std::size_t j = 0; j < table.second.size(); ++j)
        text += fmt::format("{}{},{},{:.6f}\n", prefix, table.first[i], table.second[j], table.values[i][j]);
    return text;
  };
  files.tpr += rows(parts.tpr, "");
  files.ocr = "collimator_mm,depth_mm,radius_mm,ocr\n";
  for (const auto& [collimator, table] : parts.ocr) files.ocr += rows(table, fmt::format("{},", collimator));
  return files;
}

void write_beam_data(const std::string& folder, const BeamDataFiles& files, bool overwrite) {
  AtomicFolder output(folder, overwrite, {"beam-data.json", "of.csv", "tpr.csv", "ocr.csv"});
  write_file_atomically(output.staging() / "beam-data.json", files.description);
  write_file_atomically(output.staging() / "of.csv", files.output_factors);
  write_file_atomically(output.staging() / "tpr.csv", files.tpr);
  write_file_atomically(output.staging() / "ocr.csv", files.ocr);
  try {
    BeamData::from_folder(output.staging());
  } catch (const InputError& e) {
    // The staging folder is gone when the user reads this.
    std::string where = e.where();
    const std::string staging = output.staging().string() + "/";
    if (const std::size_t at = where.find(staging); at != std::string::npos) where.replace(at, staging.size(), "");
    throw InputError(e.problem(), "the set to be written, " + where, e.why(), e.remedy());
  }
  output.commit();
}

}  // namespace sbrt
