#include "engine/inspect.h"

#include "engine/cli/outputs.h"
#include "engine/cli/session.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <filesystem>

namespace sbrt::cli {
namespace {

struct InspectOptions {
  std::vector<std::filesystem::path> paths;
  std::string json;
  bool overwrite = false;
};

void print(const Inspection& inspection) {
  if (inspection.catalogue.ct_series.empty()) fmt::print("no CT found\n");
  if (inspection.catalogue.structures.empty()) fmt::print("no RTSTRUCT found\n");
  for (const auto& s : inspection.catalogue.ct_series) {
    fmt::print("CT      {} x {} x {} slices, pixel {:.4g} x {:.4g} mm, {} '{}'\n        series {}\n", s.columns, s.rows,
               s.slices.size(), s.pixel_spacing_mm[0], s.pixel_spacing_mm[1],
               s.patient_position.empty() ? "position not stated" : s.patient_position, s.series_description,
               s.series_instance_uid);
    if (!s.refusal.empty()) fmt::print("        NOT USABLE: {}\n", s.refusal);
  }
  for (const auto& f : inspection.catalogue.structures)
    fmt::print("RTSTRUCT {} '{}', {} structures\n", f.path.filename().string(), f.label, f.roi_names.size());
  for (const auto& f : inspection.catalogue.doses)
    fmt::print("RTDOSE  {} {} {}\n", f.path.filename().string(), f.units, f.summation_type);
  for (const auto& f : inspection.catalogue.plans) fmt::print("RTPLAN  {} '{}'\n", f.path.filename().string(), f.label);
  if (!inspection.structures.empty()) {
    fmt::print("\n{:<24} {:>4} {:<9} {:>12} {:>25} {:>7} {:>9}\n", "structure", "no", "role", "volume [cc]",
               "numerical interval [cc]", "planes", "contours");
    for (const auto& s : inspection.structures) {
      const std::string volume = s.volume_cc ? fmt::format("{:.3f}", *s.volume_cc) : "-";
      const std::string interval =
          s.volume_interval_cc ? fmt::format("[{:.3f}, {:.3f}]", s.volume_interval_cc->low, s.volume_interval_cc->high)
                               : "";
      fmt::print("{:<24} {:>4} {:<9} {:>12} {:>25} {:>7} {:>9}{}\n", s.name, s.number, to_string(s.role), volume,
                 interval, s.planes, s.contours, s.problem.empty() ? "" : "  " + s.problem);
    }
  }
  if (!inspection.catalogue.refused.empty()) fmt::print("\nrefused:\n");
  for (const auto& r : inspection.catalogue.refused) fmt::print("  {}: {}\n", r.path.string(), r.reason);
}

}  // namespace

void add_inspect_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "inspect", "what a folder holds, what was refused and why, structures with volumes",
                            "sbrtplan inspect DIR --json found.json");
  auto options = std::make_shared<InspectOptions>();
  verb->add_option("DIR", options->paths, "DICOM folder or files")->required();
  verb->add_option("--json", options->json, "write the findings as JSON");
  verb->add_flag("--overwrite", options->overwrite, "replace an existing file");
  verb->callback([options, &session] {
    claim_outputs({options->json}, options->overwrite);
    const Inspection inspection = inspect(options->paths, BetweenPlanes::shape_following, session.progress());
    print(inspection);
    session.log(inspection.warnings);
    if (!options->json.empty()) write_file_atomically(options->json, to_json(inspection));
  });
}

}  // namespace sbrt::cli
