/// The patient as the dose engine sees it: body outline and electron density.
#pragma once

#include "dose/density.h"
#include "engine/structure_shapes.h"
#include "geometry/shape.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct PatientModelOptions {
  std::string density = "schneider";                      //!< name of a table or CSV file
  std::vector<std::pair<std::string, double>> overrides;  //!< structure name -> HU
  std::string body;       //!< --body; empty: EXTERNAL, External/Body/Skin, else found in the CT
  bool couch_in = false;  //!< what lies outside the body (couch, mask) counts in the path too
  BetweenPlanes between = BetweenPlanes::shape_following;
};

struct PatientModel {
  Occupancy body;                   //!< on the CT's grid
  std::optional<Shape> body_shape;  //!< present when the body is a contour
  std::string body_source;          //!< "body contour 'External'" or "body found in the CT"
  DensityMap density;
  std::string density_table, density_sha256;
  Warnings warnings;
};

/// @throws InputError for an unknown structure or table
PatientModel make_patient_model(const CtImage& ct, const StructureSet& structures, const PatientModelOptions& options,
                                const ShapeRule& rule);

/// Body contour by option or by role and name; null when there is none.
const Structure* body_structure(const StructureSet& structures, const std::string& wanted);

}  // namespace sbrt
