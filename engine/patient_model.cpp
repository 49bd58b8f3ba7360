#include "engine/patient_model.h"

#include "geometry/body.h"
#include "geometry/error.h"

#include <fmt/format.h>

namespace sbrt {

const Structure* body_structure(const StructureSet& structures, const std::string& wanted) {
  return wanted.empty() ? structures.body() : &structures.at(wanted);
}

PatientModel make_patient_model(const CtImage& ct, const StructureSet& structures, const PatientModelOptions& options,
                                const ShapeRule& rule) {
  const DensityTable table = DensityTable::named_or_file(options.density);
  Warnings warnings;

  std::optional<Shape> body_shape;
  std::string body_source;
  if (const Structure* contour = body_structure(structures, options.body)) {
    body_shape = shape_of(*contour, rule);
    body_source = "body contour '" + contour->name + "'";
    append(warnings, body_shape->warnings());
  } else {
    body_source = "body found in the CT";
    warnings.push_back({"body-found-in-ct",
                        "no body contour in the RTSTRUCT: the outline was found from the CT; check it, "
                        "or name a structure with --body"});
  }
  Occupancy body = body_shape ? occupancy_of(*body_shape, ct.grid()) : find_body(ct, body_threshold_hu, &warnings);

  std::vector<DensityOverride> overrides;
  for (const auto& [name, hu] : options.overrides) {
    const Shape shape = shape_of(structures.at(name), rule);
    overrides.push_back({occupancy_of(shape, ct.grid()), hu});
    warnings.push_back({"density-override", fmt::format("CT numbers inside '{}' were replaced by {} HU", name, hu)});
  }
  DensityResult density = options.couch_in ? density_from_ct(ct, table, Occupancy(ct.grid(), 1.0f), overrides)
                                           : density_from_ct(ct, table, body, overrides);
  append(warnings, density.warnings);
  return {std::move(body), std::move(body_shape), body_source,        std::move(density.density),
          table.name(),    table.sha256(),        std::move(warnings)};
}

}  // namespace sbrt
