/// Reading attributes without surprises: text as UTF-8, numbers or nothing. Private to this room: DCMTK's types stay
/// inside.
#pragma once

#include "dicom/objects.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt::dicom::detail {

/// Once per process: silences the logs of DCMTK and GDCM, registers the decoders, lets known attributes of unknown VR
/// be converted. Thread-safe. @throws InputError when DCMTK's data dictionary cannot be found
void prepare_dcmtk();

/// A file that DCMTK parsed to its end, text converted to UTF-8; or the reason why not.
struct ParsedFile {
  std::unique_ptr<DcmFileFormat> file;  //!< null when refused
  std::string refusal;
  DcmDataset& dataset() const { return *file->getDataset(); }
};
enum class ValueLoading {
  deferred,  ///< values above 4 kB stay in the file until they are asked for
  complete,
};
/// Never throws for a bad file. Deferred values read the file again, so it must stay where it is.
ParsedFile parse_file(const std::filesystem::path& path, ValueLoading loading);

/// The values of an attribute as they are stored; empty when absent.
std::string raw_text(DcmItem& item, const DcmTagKey& tag);
/// All values of an attribute joined by backslashes, UTF-8, without padding; empty when absent.
std::string text(DcmItem& item, const DcmTagKey& tag);
/// Like text(), the value at `position` only.
std::string text_at(DcmItem& item, const DcmTagKey& tag, std::size_t position);
/// Every value of a numeric attribute of any VR; nothing when absent, or when any value is not a finite number.
std::optional<std::vector<double>> numbers(DcmItem& item, const DcmTagKey& tag);
std::optional<double> number(DcmItem& item, const DcmTagKey& tag);
std::optional<long> integer(DcmItem& item, const DcmTagKey& tag);
bool present(DcmItem& item, const DcmTagKey& tag);
/// Items of a sequence, none when it is absent.
std::vector<DcmItem*> items(DcmItem& item, const DcmTagKey& tag);

/// One decimal string (PS3.5 DS: blanks around, a leading plus allowed); nothing unless all of it is a number.
std::optional<double> parse_decimal(std::string_view text);
/// Bytes that are not UTF-8 are taken as Latin-1.
std::string valid_utf8(std::string bytes);

PatientStudy patient_study_of(DcmItem& dataset);
InstanceReference reference_of(DcmItem& dataset);

}  // namespace sbrt::dicom::detail
