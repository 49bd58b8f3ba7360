#include "engine/cli/session.h"
#include "engine/margin_case.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace sbrt::cli {
namespace {

struct MarginVerb {
  MarginRequest request;
  std::vector<std::string> avoid, subtract, crop;
  std::string role, contours = "shape-following", json;
};

void print(const MarginOutcome& outcome) {
  fmt::print("{} ({}): {}\n", outcome.name, to_string(outcome.role), fmt::join(outcome.steps, ", "));
  fmt::print("{:<26} {:>12} {:>27}\n", "", "volume [cc]", "numerical interval [cc]");
  const auto line = [](const MarginVolume& v) {
    fmt::print("{:<26} {:>12.3f} {:>27}\n", v.structure, v.volume_cc,
               fmt::format("[{:.3f}, {:.3f}]", v.interval_cc.low, v.interval_cc.high));
  };
  for (const MarginVolume& source : outcome.sources) line(source);
  line(outcome.result);
  fmt::print("{} contours on {} planes, {} points; between the planes: {}\n", outcome.contours, outcome.planes,
             outcome.points, to_string(outcome.between));
  if (outcome.planes_beyond > 0)
    fmt::print("{} of the planes lie on no {}\n", outcome.planes_beyond,
               outcome.ct_series_instance_uid.empty() ? "plane of the source" : "slice of the CT");
  fmt::print("written: {}\n", outcome.out.string());
}

void run(MarginVerb& verb, Session& session) {
  for (const std::string& text : verb.avoid) verb.request.apart.push_back(parse_limit(text, "--avoid"));
  for (const std::string& name : verb.subtract) verb.request.apart.push_back({name, 0});
  for (const std::string& text : verb.crop) verb.request.inside.push_back(parse_limit(text, "--crop"));
  if (!verb.role.empty()) verb.request.role = parse_role(verb.role, "--role");
  verb.request.between = verb.contours == "slab" ? BetweenPlanes::slab : BetweenPlanes::shape_following;
  const MarginOutcome outcome = make_margin(verb.request, session.progress());
  session.log(outcome.warnings);
  print(outcome);
  if (!verb.json.empty()) write_file_atomically(verb.json, to_json(outcome));
}

}  // namespace

void add_margin_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(
      app, "margin", "union, isotropic margin, crop and gaps into a new RTSTRUCT",
      "sbrtplan margin DIR --structure GTV --margin-mm 5 --name PTV --out rs.dcm\n"
      "  sbrtplan margin DIR --structure GTV --margin-mm 5 --avoid SpinalCord:2 --crop Skin:3 --out rs.dcm\n\n"
      "Order: the structures are joined; the union is expanded (or shrunk); of that remains what keeps every gap,\n"
      "lies outside every subtracted structure and far enough inside every --crop. All distances are exact in space.");
  auto v = std::make_shared<MarginVerb>();
  MarginRequest& r = v->request;
  verb->add_option("DIR", r.inputs, "DICOM folder or files; an RTSTRUCT alone is enough")->required();
  verb->add_option("--structure", r.structures, "structure to work on; repeat for the union of several")->required();
  verb->add_option("--margin-mm", r.margin_mm, "margin, -100 to 100 mm; negative shrinks, 0 keeps")->required();
  verb->add_option("--avoid", v->avoid, "NAME:MM, keeps this gap to a structure; repeat for several");
  verb->add_option("--subtract", v->subtract, "NAME, cuts this structure out; repeat for several");
  verb->add_option("--crop", v->crop, "NAME:MM, stays this far inside a structure (Skin: the body); may repeat");
  verb->add_option("--name", r.name, "name of the new structure")->capture_default_str();
  verb->add_option("--role", v->role, "GTV, CTV, ITV, PTV, ORGAN, AVOIDANCE or OTHER (default: PTV when expanded)");
  verb->add_option("--contours", v->contours, "what lies between contour planes")
      ->check(CLI::IsMember({"shape-following", "slab"}))
      ->capture_default_str();
  verb->add_option("--rtstruct", r.rtstruct, "which RTSTRUCT: file or SOP instance UID");
  verb->add_option("--ct", r.ct_uid, "which CT: series instance UID");
  verb->add_option("--out", r.out, "RTSTRUCT file to write")->required();
  verb->add_option("--json", v->json, "write what was done and the volumes as JSON");
  verb->add_flag("--overwrite", r.overwrite, "replace an existing file");
  verb->callback([v, &session] { run(*v, session); });
}

}  // namespace sbrt::cli
