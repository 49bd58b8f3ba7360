/// From the RTDOSE files of any system to the total dose over all fractions in Gy. Nothing is guessed: what the files
/// do not say, the user does, and the report repeats it.
///
/// What a file holds follows PS3.3 C.8.8.3, Dose Summation Type:
/// - PLAN, MULTI_PLAN: the entire delivery; taken as it is.
/// - BEAM, BRACHY: the entire delivery (all fractions) of one or more beams or application setups; the parts of a plan
///   are added, and must be all that the RTPLAN treats with.
/// - BEAM_SESSION, BRACHY_SESSION, FRACTION_SESSION: one fraction; multiplied by the RTPLAN's number of fractions.
/// - CONTROL_POINT: part of a beam for one fraction; likewise, and the control points must be complete.
/// - FRACTION: by the standard the entire delivery of a fraction group, but systems also write one fraction under this
///   name (the SESSION forms are younger). It is refused unless the plan has one fraction or the user says which.
/// - anything else: refused unless the user says.
#pragma once

#include "dicom/import.h"
#include "engine/report/input_record.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// What a number in a RELATIVE dose means.
struct RelativeReference {
  double stored = 0;   //!< value in the file, DoseGridScaling applied
  double dose_gy = 0;  //!< the dose it stands for
  /// "100=45Gy": the stored value 100 stands for 45 Gy. @throws InputError
  static RelativeReference parse(const std::string& text);
};

/// How many times a dose is delivered: a number, or the number of fractions of the RTPLAN.
struct FractionsOfDose {
  std::optional<int> number;  //!< nothing: as the RTPLAN says
  /// "5" or "plan". @throws InputError
  static FractionsOfDose parse(const std::string& text);
};

struct DoseTotalRequest {
  dicom::DoseSelection selection;
  bool sum = false;  //!< --sum: several named total doses are added
  std::optional<FractionsOfDose> fractions_of_dose;
  std::optional<RelativeReference> relative_reference;
  bool allow_missing_beams = false;
};

/// One file in the total.
struct DosePart {
  std::string path, uid, summation_type, dose_type, units;
  std::vector<int> beams, brachy_setups;
  double factor = 1;  //!< what its values were multiplied by
  std::string why;    //!< reason of the factor
};

struct DoseTotal {
  DoseGrid dose;  //!< [Gy], total over all fractions
  std::vector<DosePart> parts;
  std::string how;  //!< in one sentence
  std::vector<InputRecord> inputs;
  const dicom::DoseFile* only_file = nullptr;  //!< where the total comes from one file: its embedded DVHs apply, times
  double only_factor = 1;                      //!< this
  Warnings warnings;
};

/// @throws InputError naming file and option: what choose_doses and load_dose refuse, an unclear number of fractions,
/// RELATIVE without reference, missing beams, doses that would count twice
DoseTotal total_dose(const dicom::Catalogue& catalogue, const dicom::StructureFile& structures,
                     const DoseTotalRequest& request);

}  // namespace sbrt
