#include "phantoms/write_phantom.h"

#include "geometry/atomic_output.h"

#include <nlohmann/json.hpp>

namespace sbrt::phantoms {
namespace {

using Json = nlohmann::ordered_json;

Json one_or_many(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? Json(texts.front()) : Json(texts);
}

std::string case_json(const Phantom& phantom) {
  const PhantomCase& plan = phantom.plan;
  Json json;
  json["schema"] = "sbrtplan-case/1";
  json["description"] = phantom.name + ": " + phantom.description;
  json["dicom"] = ".";
  if (!plan.gtvs.empty()) {
    json["gtv"] = one_or_many(plan.gtvs);
    json["margin_mm"] = plan.margin_mm;
  }
  if (!plan.targets.empty()) json["target"] = one_or_many(plan.targets);
  json["prescription"] = one_or_many(plan.prescriptions);
  json["coverage_pct"] = plan.coverage_pct;
  if (!plan.goals.empty()) json["goals"] = plan.goals;
  json["nodes"] = plan.nodes;
  return json.dump(2) + "\n";
}

}  // namespace

WrittenPhantom write_phantom(const Phantom& phantom, const dicom::ProgramInfo& program,
                             const std::filesystem::path& folder, bool overwrite) {
  AtomicFolder output(folder, overwrite, {"ct", "structures.dcm", "case.json"});
  std::filesystem::create_directory(output.staging() / "ct");
  dicom::CtExport info;
  info.patient_study = phantom.patient_study;
  info.series_instance_uid = dicom::uid_from(phantom.uid_seed + "/ct");
  info.frame_of_reference_uid = phantom.structures.frame_of_reference_uid();
  info.series_description = "Phantom CT";
  WrittenPhantom written;
  written.ct = dicom::write_ct(phantom.image, info, program, output.staging() / "ct");
  dicom::write_structures(phantom.structures, phantom.name, written.ct, phantom.uid_seed + "/structures", program,
                          output.staging() / "structures.dcm");
  write_file_atomically(output.staging() / "case.json", case_json(phantom));
  output.commit();
  for (dicom::CtSlice& slice : written.ct.slices) slice.path = output.goal() / "ct" / slice.path.filename();
  written.structures = output.goal() / "structures.dcm";
  written.case_file = output.goal() / "case.json";
  return written;
}

}  // namespace sbrt::phantoms
