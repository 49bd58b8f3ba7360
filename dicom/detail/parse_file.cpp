#include "dicom/detail/dataset.h"
#include "dicom/detail/nesting.h"
#include "dicom/detail/pixel_decoder.h"
#include "geometry/error.h"

#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>
#include <new>

namespace sbrt::dicom::detail {
namespace {

void prepare_once() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  if (!dcmDataDict.isDictionaryLoaded())
    throw InputError("DCMTK's data dictionary is not loaded", "environment variable DCMDICTPATH",
                     "without it attributes of implicit VR files cannot be read",
                     "unset DCMDICTPATH or install libdcmtk17");
  dcmEnableUnknownVRConversion.set(OFTrue);
  DcmRLEDecoderRegistration::registerCodecs();
  DJDecoderRegistration::registerCodecs();
  DJLSDecoderRegistration::registerCodecs();
  silence_gdcm();
}

// DCMTK parses almost any bytes as an implicit VR data set, so look at the first bytes before it does.
std::string refusal_by_first_bytes(const std::filesystem::path& path) {
  std::array<unsigned char, 132> bytes{};
  std::ifstream in(path, std::ios::binary);
  if (!in) return "cannot be opened for reading";
  in.read(reinterpret_cast<char*>(bytes.data()), std::streamsize(bytes.size()));
  const auto count = in.gcount();
  if (in.bad()) return "cannot be read";
  if (count == 0) return "empty file";
  if (count == 132 && bytes[128] == 'D' && bytes[129] == 'I' && bytes[130] == 'C' && bytes[131] == 'M') return {};
  // Without preamble: the first attribute is of group 0002 or 0008, little or big endian.
  if (count >= 8) {
    const int little = bytes[0] | bytes[1] << 8;
    const int big = bytes[0] << 8 | bytes[1];
    const int group = little < big ? little : big;
    const int element = little < big ? bytes[2] | bytes[3] << 8 : bytes[2] << 8 | bytes[3];
    if ((group == 0x0008 || group == 0x0002) && element <= 0x2000) return {};
  }
  return "not a DICOM file";
}

std::string describe(const OFCondition& condition) {
  const std::string reason = condition.text() ? condition.text() : "unknown error";
  if (condition == EC_InvalidStream || condition == EC_EndOfStream || condition == EC_StreamNotifyClient ||
      reason.find("remature") != std::string::npos || reason.find("end of stream") != std::string::npos)
    return "truncated: the file ends inside its data set (" + reason + ")";
  return "damaged or not DICOM (" + reason + ")";
}

// True when the file is too short for a value that DCMTK left in the file.
bool value_runs_past_end(DcmDataset& dataset, std::uintmax_t file_bytes) {
  DcmElement* pixels = nullptr;
  if (dataset.findAndGetElement(DCM_PixelData, pixels).bad() || !pixels) return false;
  const Uint32 length = pixels->getLengthField();
  const bool deflated = dataset.getOriginalXfer() == EXS_DeflatedLittleEndianExplicit;
  return !deflated && length != DCM_UndefinedLength && length > file_bytes;
}

}  // namespace

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, prepare_once);
}

ParsedFile parse_file(const std::filesystem::path& path, ValueLoading loading) {
  prepare_dcmtk();
  ParsedFile parsed;
  parsed.refusal = refusal_by_first_bytes(path);
  if (parsed.refusal.empty()) parsed.refusal = nesting_refusal(path);
  if (!parsed.refusal.empty()) return parsed;
  try {
    auto file = std::make_unique<DcmFileFormat>();
    // A length beyond the file is damage; never ask for that much memory.
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    const bool deferred = loading == ValueLoading::deferred;
    const Uint32 largest = deferred ? Uint32(DCM_MaxReadLength) : Uint32(std::min<std::uintmax_t>(bytes, 0xFFFFFFFEu));
    const OFCondition status =
        file->loadFile(OFFilename(path.c_str(), OFFalse), EXS_Unknown, EGL_noChange, largest, ERM_autoDetect);
    if (status.bad()) {
      parsed.refusal = describe(status);
      return parsed;
    }
    DcmDataset& dataset = *file->getDataset();
    if (value_runs_past_end(dataset, bytes)) {
      parsed.refusal = "truncated: the file ends inside its pixel data";
      return parsed;
    }
    // Where the conversion fails (wrong or missing character set), valid_utf8() takes over value by value.
    if (DcmSpecificCharacterSet::isConversionAvailable() && dataset.tagExistsWithValue(DCM_SpecificCharacterSet))
      (void)dataset.convertToUTF8();
    parsed.file = std::move(file);
  } catch (const std::bad_alloc&) {
    parsed.refusal = "damaged: it asks for more memory than there is";
  }
  return parsed;
}

}  // namespace sbrt::dicom::detail
