/// Common parts of exported DICOM objects. Private to this room: DCMTK's types stay inside.
#pragma once

#include "dicom/export.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt::dicom {

inline constexpr const char* research_statement = "research software, not a medical device";

// Longest values in characters (PS3.5, section 6.2).
inline constexpr std::size_t longest_short_string = 16;
inline constexpr std::size_t longest_long_string = 64;
inline constexpr std::size_t longest_short_text = 1024;

/// Decimal string of at most 16 characters: the shortest that reads back to the same double, else as close as 16
/// characters come.
std::string decimal_string(double value);
/// Values joined by backslashes.
std::string decimal_strings(const std::vector<double>& values);
/// Rounded to 1e-4 mm, trailing zeros dropped. @throws InputError naming `where` for a value that is not finite or
/// absurd
std::string contour_coordinate(double value_mm, const std::string& where);

std::size_t count_characters(const std::string& utf8);
/// One line of text for LO and SH: control characters become blanks, backslashes (value separators) slashes; what is
/// longer than `longest` BYTES ends in "...": the standard counts characters, but many readers count bytes.
std::string one_line(const std::string& utf8, std::size_t longest);
/// "text; research software, not a medical device" within `longest` bytes; the statement is never cut.
std::string with_statement(const std::string& text, std::size_t longest);
/// True for bytes 0x20...0x7e only.
bool is_ascii(const std::string& text);

/// Inserts, replacing; an error of DCMTK is a broken contract.
void put(DcmItem& item, const DcmTagKey& tag, const std::string& value);
void put(DcmItem& item, const DcmTagKey& tag, Uint16 value);
/// New last item of the sequence `tag`, which is made where it is missing.
DcmItem& append_item(DcmItem& item, const DcmTagKey& tag);
void put_reference(DcmItem& item, const InstanceReference& reference);

/// The frame of reference to write: the given one, else one that follows from the study.
std::string frame_of_reference_or_derived(const std::string& uid, const PatientStudy& study);

/// Patient and General Study modules, character set UTF-8. @throws InputError without a study UID
void put_patient_study(DcmItem& dataset, const PatientStudy& study, const std::string& where);
/// General Series and General Equipment modules without the series UID.
void put_series_equipment(DcmItem& dataset, const PatientStudy& study, const std::string& modality,
                          const std::string& description, const ProgramInfo& program);
void put_frame_of_reference(DcmItem& dataset, const std::string& uid, const std::string& position_reference);

/// SOP instance (and, where `series` is true, series) UID from the seed and the content, so other content never has the
/// same UID.
void put_identity(DcmDataset& dataset, const std::string& sop_class_uid, const std::string& seed, bool series);

/// The whole file as bytes. Implicit VR where a value is too long for an explicit one. @throws ContractViolation
std::string file_bytes(DcmFileFormat& file, E_TransferSyntax syntax);
/// Writes whole or not at all. @return reference of the object @throws InputError on a write error
InstanceReference save(DcmFileFormat& file, E_TransferSyntax syntax, const std::filesystem::path& path);

}  // namespace sbrt::dicom
