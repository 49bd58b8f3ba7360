#include "dicom/detail/dataset.h"
#include "dicom/detail/export_contours.h"
#include "geometry/error.h"

#include <dcmtk/dcmdata/dcspchrs.h>

#include <algorithm>
#include <set>

namespace sbrt::dicom {
namespace {

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  item.findAndGetOFStringArray(tag, value);
  return {value.data(), value.size()};
}

std::vector<DcmItem*> items_of(DcmItem& item, const DcmTagKey& tag) {
  std::vector<DcmItem*> items;
  DcmSequenceOfItems* sequence = nullptr;
  if (item.findAndGetSequence(tag, sequence).good() && sequence)
    for (unsigned long n = 0; n < sequence->card(); ++n) items.push_back(sequence->getItem(n));
  return items;
}

int largest_number(DcmItem& dataset, const DcmTagKey& sequence, const DcmTagKey& number) {
  Sint32 largest = 0;
  for (DcmItem* item : items_of(dataset, sequence)) {
    Sint32 value = 0;
    if (item->findAndGetSint32(number, value).good()) largest = std::max(largest, value);
  }
  return largest;
}

/// `utf8` in the character set of `dataset`.
std::string in_character_set_of(DcmItem& dataset, const std::string& utf8, const std::string& where) {
  if (is_ascii(utf8)) return utf8;  // every DICOM character set contains ASCII
  const std::string character_set = text_of(dataset, DCM_SpecificCharacterSet);
  if (character_set == "ISO_IR 192") return utf8;
  DcmSpecificCharacterSet converter;
  OFString converted;
  const bool possible = !character_set.empty() &&
                        converter.selectCharacterSet("ISO_IR 192", character_set.c_str()).good() &&
                        converter.convertString(utf8.c_str(), utf8.size(), converted).good();
  if (!possible)
    throw InputError("structure name '" + utf8 + "' cannot be written", where,
                     "the file's character set (" + (character_set.empty() ? "ASCII" : character_set) +
                         ") does not have all its letters",
                     "choose a name of plain letters and digits");
  return {converted.data(), converted.size()};
}

/// Frame of reference of the ROIs that are there already, else of the file, else of the CT.
std::string frame_of_reference_of(DcmItem& dataset, const StructureFile& original, const CtSeries* ct) {
  for (DcmItem* roi : items_of(dataset, DCM_StructureSetROISequence))
    if (const std::string uid = text_of(*roi, DCM_ReferencedFrameOfReferenceUID); !uid.empty()) return uid;
  if (!original.frame_of_reference_uid.empty()) return original.frame_of_reference_uid;
  return frame_of_reference_or_derived(ct ? ct->frame_of_reference_uid : std::string(), original.patient_study);
}

void append_roi(DcmItem& dataset, const std::string& name, int number, const std::string& frame_of_reference_uid) {
  DcmItem& roi = append_item(dataset, DCM_StructureSetROISequence);
  put(roi, DCM_ROINumber, std::to_string(number));
  put(roi, DCM_ReferencedFrameOfReferenceUID, frame_of_reference_uid);
  put(roi, DCM_ROIName, name);
  put(roi, DCM_ROIGenerationAlgorithm, std::string("AUTOMATIC"));
}

/// A changed set is nobody's approved set, and a signature over the old content is void.
void withdraw_approval(DcmItem& dataset) {
  put(dataset, DCM_ApprovalStatus, std::string("UNAPPROVED"));
  for (const DcmTagKey& tag :
       {DCM_ReviewDate, DCM_ReviewTime, DCM_ReviewerName, DCM_DigitalSignaturesSequence, DCM_MACParametersSequence})
    delete dataset.remove(tag);
}

void describe_change(DcmItem& dataset, const std::vector<std::string>& names, const ProgramInfo& program) {
  std::string description = text_of(dataset, DCM_StructureSetDescription);
  std::string addition = "added by sbrtplan " + program.version + ":";
  for (const std::string& name : names) addition += " " + name;
  addition += std::string("; ") + research_statement;
  if (description.size() + 2 + addition.size() > longest_short_text) addition = research_statement;
  // An old text that leaves no room gives way to the statement.
  const std::size_t room = longest_short_text - addition.size() - 2;
  if (description.size() > room) description.clear();
  put(dataset, DCM_StructureSetDescription, description.empty() ? addition : description + "; " + addition);
}

E_TransferSyntax syntax_to_write(DcmDataset& dataset) {
  const E_TransferSyntax original = dataset.getOriginalXfer();
  const DcmXfer syntax(original);
  const bool plain =
      original != EXS_Unknown && !syntax.isEncapsulated() && original != EXS_DeflatedLittleEndianExplicit;
  if (!plain) return needs_implicit_vr(dataset) ? EXS_LittleEndianImplicit : EXS_LittleEndianExplicit;
  return syntax.isExplicitVR() && needs_implicit_vr(dataset) ? EXS_LittleEndianImplicit : original;
}

}  // namespace

StructuresAdded write_structures_added(const StructureFile& original, const std::vector<Structure>& added,
                                       const CtSeries* ct, const std::string& uid_seed, const ProgramInfo& program,
                                       const std::filesystem::path& path) {
  detail::prepare_dcmtk();
  DcmFileFormat file;
  const OFCondition status = file.loadFile(original.path.c_str());
  if (status.bad())
    throw InputError("cannot read the RTSTRUCT", original.path.string(), status.text(), "check the file");
  file.loadAllDataIntoMemory();
  DcmDataset& dataset = *file.getDataset();

  std::set<std::string> names;
  for (DcmItem* roi : items_of(dataset, DCM_StructureSetROISequence)) names.insert(text_of(*roi, DCM_ROIName));
  const std::string frame_uid = frame_of_reference_of(dataset, original, ct);
  int number = std::max(largest_number(dataset, DCM_StructureSetROISequence, DCM_ROINumber),
                        largest_number(dataset, DCM_ROIContourSequence, DCM_ReferencedROINumber));
  int observation = largest_number(dataset, DCM_RTROIObservationsSequence, DCM_ObservationNumber);
  std::vector<std::string> added_names;
  std::vector<int> numbers;
  for (const Structure& structure : added) {
    check_roi_name(structure.name);
    const std::string name = in_character_set_of(dataset, structure.name, original.path.string());
    if (!names.insert(name).second)
      throw InputError("the RTSTRUCT already has a structure '" + structure.name + "'", original.path.string(),
                       "nothing is written over silently", "choose another name");
    added_names.push_back(name);
    append_roi(dataset, name, ++number, frame_uid);
    numbers.push_back(number);
    append_roi_contours(dataset, structure, number, ct);
    append_roi_observation(dataset, structure, number, ++observation);
  }
  withdraw_approval(dataset);
  describe_change(dataset, added_names, program);
  delete dataset.remove(DCM_PredecessorStructureSetSequence);
  put_reference(append_item(dataset, DCM_PredecessorStructureSetSequence), original.reference);
  put_identity(dataset, UID_RTStructureSetStorage, uid_seed, true);
  return {save(file, syntax_to_write(dataset), path), std::move(numbers)};
}

}  // namespace sbrt::dicom
