/// The phantoms by name. Every one has a CT, structures named by TG-263 with closed-form volumes, and a case to plan.
#pragma once

#include "dicom/objects.h"
#include "phantoms/part.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbrt::phantoms {

struct PhantomOptions {
  std::optional<std::array<double, 3>> spacing_mm;  //!< of the CT, 0.2...10 mm; default: each phantom's own
  std::optional<double> diameter_mm;  //!< of the target; with several, of the largest, the others keep their ratio
  PatientVec offset_mm;               //!< moves the targets against the anatomy
  double noise_hu = 0;                //!< standard deviation, 0...500
  std::string patient_id;             //!< default: "PHANTOM-<NAME>-<hash of the options>"
  std::uint64_t seed = 1;             //!< of the noise and of random places
  std::string variant;                //!< of phantoms that have several; default: the first
};

struct CatalogueEntry {
  std::string name, description;
  std::vector<std::string> variants;
};
/// In the order in which `phantom --list` shows them.
const std::vector<CatalogueEntry>& catalogue();

/// What case.json asks for.
struct PhantomCase {
  std::vector<std::string> gtvs;     //!< expanded by margin_mm
  std::vector<std::string> targets;  //!< planned as they are
  double margin_mm = 0;
  std::vector<std::string> prescriptions;  //!< one, or one per target: "45Gy/5fx@75%"
  std::vector<std::string> goals;
  double coverage_pct = 95;
  std::string nodes = "body";
};

/// Closed-form volume of a structure that has one.
struct Truth {
  std::string structure;
  double volume_mm3 = 0;
};

struct Phantom {
  std::string name, description;
  dicom::PatientStudy patient_study;
  std::string uid_seed;  //!< follows from name and options
  std::vector<Part> parts;
  CtImage image;
  StructureSet structures;
  std::vector<Truth> truths;
  PhantomCase plan;
};

/// @throws InputError: unknown name (offers the nearest) or variant, an option out of range, a target outside its organ
/// or
///         the body, a CT of more than 200 million voxels
Phantom build(const std::string& name, const PhantomOptions& options = {});

}  // namespace sbrt::phantoms
