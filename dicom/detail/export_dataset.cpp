#include "dicom/detail/export_dataset.h"

#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace sbrt::dicom {
namespace {

constexpr std::size_t longest_decimal_string = 16;

void expect_good(const OFCondition& condition) { SBRT_EXPECT(condition.good()); }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The longest beginning of whole characters within `bytes` bytes.
std::string beginning(const std::string& utf8, std::size_t bytes) {
  if (utf8.size() <= bytes) return utf8;
  while (bytes > 0 && is_continuation(utf8[bytes])) --bytes;
  return utf8.substr(0, bytes);
}

/// Appends what the stream has buffered.
void drain(DcmOutputBufferStream& stream, std::string& bytes) {
  void* buffer = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(buffer, length);
  bytes.append(static_cast<const char*>(buffer), std::size_t(length));
}

/// Runs a DCMTK write in pieces of a fixed buffer.
template <class Write>
std::string bytes_of(Write&& write) {
  std::vector<char> buffer(std::size_t{1} << 20);
  DcmOutputBufferStream stream(buffer.data(), offile_off_t(buffer.size()));
  std::string bytes;
  OFCondition status = EC_StreamNotifyClient;
  while (status == EC_StreamNotifyClient) {
    status = write(stream);
    drain(stream, bytes);
  }
  while (!stream.isFlushed()) {
    stream.flush();
    drain(stream, bytes);
  }
  expect_good(status);
  return bytes;
}

}  // namespace

std::string decimal_string(double value) {
  SBRT_EXPECT(std::isfinite(value));
  if (std::abs(value) < 1e-15) return "0";
  std::string text = fmt::format("{}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  for (int digits = 16; text.size() > longest_decimal_string; --digits) text = fmt::format("{:.{}g}", value, digits);
  return text;
}

std::string decimal_strings(const std::vector<double>& values) {
  std::string joined;
  for (const double v : values) {
    if (!joined.empty()) joined += '\\';
    joined += decimal_string(v);
  }
  return joined;
}

std::string contour_coordinate(double value_mm, const std::string& where) {
  constexpr double absurd_mm = 1e5;  // 100 m
  if (!(std::abs(value_mm) < absurd_mm))
    throw InputError("contour coordinate " + fmt::format("{}", value_mm) + " mm", where, "no patient is there",
                     "check the structure that was to be written");
  std::array<char, 32> text;
  char* end = std::to_chars(text.data(), text.data() + text.size(), value_mm, std::chars_format::fixed, 4).ptr;
  while (end[-1] == '0') --end;
  if (end[-1] == '.') --end;
  std::string out(text.data(), end);
  return out == "-0" ? "0" : out;
}

std::size_t count_characters(const std::string& utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += !is_continuation(c);
  return n;
}

std::string one_line(const std::string& utf8, std::size_t longest) {
  std::string clean = utf8;
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    if (c == '\\') c = '/';
  }
  return clean.size() <= longest ? clean : beginning(clean, longest - 3) + "...";
}

std::string with_statement(const std::string& text, std::size_t longest) {
  const std::string statement = research_statement;
  if (text.empty()) return statement;
  return one_line(text, longest - statement.size() - 2) + "; " + statement;
}

bool is_ascii(const std::string& text) {
  for (const char c : text)
    if (c < 0x20 || c > 0x7e) return false;
  return true;
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  expect_good(item.putAndInsertOFStringArray(tag, OFString(value.data(), value.size())));
}

void put(DcmItem& item, const DcmTagKey& tag, Uint16 value) { expect_good(item.putAndInsertUint16(tag, value)); }

DcmItem& append_item(DcmItem& item, const DcmTagKey& tag) {
  DcmItem* created = nullptr;
  expect_good(item.findOrCreateSequenceItem(tag, created, -2));  // -2: append
  return *created;
}

void put_reference(DcmItem& item, const InstanceReference& reference) {
  put(item, DCM_ReferencedSOPClassUID, reference.sop_class_uid);
  put(item, DCM_ReferencedSOPInstanceUID, reference.sop_instance_uid);
}

std::string frame_of_reference_or_derived(const std::string& uid, const PatientStudy& study) {
  return uid.empty() ? uid_from(study.study_instance_uid + "/frame-of-reference") : uid;
}

void put_patient_study(DcmItem& dataset, const PatientStudy& study, const std::string& where) {
  if (study.study_instance_uid.empty())
    throw InputError("no study UID", where, "an exported object must say to which study it belongs",
                     "give the source objects a Study Instance UID");
  put(dataset, DCM_SpecificCharacterSet, std::string("ISO_IR 192"));
  put(dataset, DCM_PatientName, study.patient_name);
  put(dataset, DCM_PatientID, study.patient_id);
  put(dataset, DCM_PatientBirthDate, study.patient_birth_date);
  put(dataset, DCM_PatientSex, study.patient_sex);
  put(dataset, DCM_StudyInstanceUID, study.study_instance_uid);
  put(dataset, DCM_StudyID, study.study_id);
  put(dataset, DCM_StudyDate, study.study_date);
  put(dataset, DCM_StudyTime, study.study_time);
  put(dataset, DCM_AccessionNumber, study.accession_number);
  put(dataset, DCM_ReferringPhysicianName, study.referring_physician);
  if (!study.study_description.empty()) put(dataset, DCM_StudyDescription, study.study_description);
}

void put_series_equipment(DcmItem& dataset, const PatientStudy& study, const std::string& modality,
                          const std::string& description, const ProgramInfo& program) {
  put(dataset, DCM_Modality, modality);
  put(dataset, DCM_SeriesDescription, with_statement(description, longest_long_string));
  put(dataset, DCM_SeriesNumber, std::string("1"));
  put(dataset, DCM_OperatorsName, std::string());
  // The day of the study and not of the clock, so that equal inputs give equal files.
  if (!study.study_date.empty()) put(dataset, DCM_SeriesDate, study.study_date);
  if (!study.study_time.empty()) put(dataset, DCM_SeriesTime, study.study_time);
  put(dataset, DCM_Manufacturer, std::string("sbrtplan"));
  put(dataset, DCM_ManufacturerModelName, std::string("sbrtplan"));
  put(dataset, DCM_SoftwareVersions,
      one_line(program.revision.empty() ? program.version : program.version + " " + program.revision,
               longest_long_string));
}

void put_frame_of_reference(DcmItem& dataset, const std::string& uid, const std::string& position_reference) {
  put(dataset, DCM_FrameOfReferenceUID, uid);
  put(dataset, DCM_PositionReferenceIndicator, one_line(position_reference, longest_long_string));
}

void put_identity(DcmDataset& dataset, const std::string& sop_class_uid, const std::string& seed, bool series) {
  put(dataset, DCM_SOPClassUID, sop_class_uid);
  delete dataset.remove(DCM_SOPInstanceUID);
  if (series) delete dataset.remove(DCM_SeriesInstanceUID);
  dataset.transferInit();
  const std::string content = sha256_of(bytes_of([&](DcmOutputStream& stream) {
    return dataset.write(stream, EXS_LittleEndianImplicit, EET_ExplicitLength, nullptr);
  }));
  dataset.transferEnd();
  put(dataset, DCM_SOPInstanceUID, uid_from(seed + "/instance/" + content));
  if (series) put(dataset, DCM_SeriesInstanceUID, uid_from(seed + "/series/" + content));
}

std::string file_bytes(DcmFileFormat& file, E_TransferSyntax syntax) {
  expect_good(file.validateMetaInfo(syntax, EWM_createNewMeta));
  file.transferInit();
  std::string bytes = bytes_of([&](DcmOutputStream& stream) {
    return file.write(stream, syntax, EET_ExplicitLength, nullptr, EGL_recalcGL, EPD_noChange, 0, 0, 0,
                      EWM_createNewMeta);
  });
  file.transferEnd();
  return bytes;
}

InstanceReference save(DcmFileFormat& file, E_TransferSyntax syntax, const std::filesystem::path& path) {
  DcmDataset& dataset = *file.getDataset();
  OFString sop_class, sop_instance;
  expect_good(dataset.findAndGetOFString(DCM_SOPClassUID, sop_class));
  expect_good(dataset.findAndGetOFString(DCM_SOPInstanceUID, sop_instance));
  write_file_atomically(path, file_bytes(file, syntax));
  return {sop_class.c_str(), sop_instance.c_str()};
}

}  // namespace sbrt::dicom
