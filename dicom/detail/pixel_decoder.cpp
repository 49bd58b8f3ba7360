#include "dicom/detail/pixel_decoder.h"

#include "dicom/detail/dataset.h"
#include "dicom/import.h"
#include "geometry/error.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <gdcmDataElement.h>
#include <gdcmJPEG2000Codec.h>
#include <gdcmSequenceOfFragments.h>
#include <gdcmTrace.h>
#include <gdcmVersion.h>
#include <itkVersion.h>

#include <bit>
#include <optional>
#include <span>

namespace sbrt::dicom {

std::string library_versions() {
  return std::string("dcmtk ") + OFFIS_DCMTK_VERSION_STRING + ", itk " + itk::Version::GetITKVersion() + ", gdcm " +
         gdcm::Version::GetVersion();
}

}  // namespace sbrt::dicom

namespace sbrt::dicom::detail {
namespace {

constexpr long largest_edge = 16384;                             // pixels of a slice in one direction
constexpr std::uint64_t largest_bytes = std::uint64_t(1) << 31;  // decoded pixels of one file

static_assert(std::endian::native == std::endian::little, "pixel words are read in the machine's order");

bool is_jpeg_2000(const std::string& uid) {
  return uid == UID_JPEG2000LosslessOnlyTransferSyntax || uid == UID_JPEG2000TransferSyntax;
}

[[noreturn]] void fail(const std::string& why, const std::string& where) {
  throw InputError("the pixel data cannot be decoded", where, why, "export the image again, uncompressed");
}

DcmPixelSequence* encapsulated(DcmPixelData& pixels) {
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter* parameter = nullptr;
  pixels.getOriginalRepresentationKey(syntax, parameter);
  DcmPixelSequence* sequence = nullptr;
  if (pixels.getEncapsulatedRepresentation(syntax, parameter, sequence).bad()) return nullptr;
  return sequence;
}

// The pixel bytes in the machine's order, as DCMTK keeps them after decoding.
std::span<const std::uint8_t> pixel_bytes(DcmDataset& dataset) {
  unsigned long count = 0;
  const Uint16* words = nullptr;
  if (dataset.findAndGetUint16Array(DCM_PixelData, words, &count).good() && words)
    return {reinterpret_cast<const std::uint8_t*>(words), std::size_t(count) * 2};
  const Uint8* bytes = nullptr;
  if (dataset.findAndGetUint8Array(DCM_PixelData, bytes, &count).good() && bytes) return {bytes, std::size_t(count)};
  return {};
}

std::string pixel_data_refusal(DcmDataset& dataset, const PixelFormat& format) {
  DcmElement* element = nullptr;
  if (dataset.findAndGetElement(DCM_PixelData, element).bad() || !element) return "it has no pixel data";
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  if (!pixels) return "its pixel data have an impossible value representation";
  if (format.compressed) {
    DcmPixelSequence* sequence = encapsulated(*pixels);
    if (!sequence || sequence->card() < 2) return "it has no compressed pixel data";
    return {};
  }
  const std::uint64_t expected = std::uint64_t(format.pixel_count()) * std::uint64_t(format.bits_allocated / 8);
  const std::uint64_t padded = expected + expected % 2;
  const Uint32 length = pixels->getLengthField();
  if (length == 0) return "it has no pixel data";
  if (length != expected && length != padded)
    return "its pixel data have " + std::to_string(length) + " bytes where rows, columns, frames and bits ask for " +
           std::to_string(expected) + (length < expected ? " (truncated)" : "");
  return {};
}

std::string format_refusal(DcmDataset& d, PixelFormat& format) {
  const auto in_range = [&](const DcmTagKey& tag, long low, long high, int& out) {
    const auto value = integer(d, tag);
    if (!value || *value < low || *value > high) return false;
    out = int(*value);
    return true;
  };
  if (!in_range(DCM_Rows, 1, largest_edge, format.rows) || !in_range(DCM_Columns, 1, largest_edge, format.columns))
    return "Rows or Columns are missing or out of range";
  if (!text(d, DCM_NumberOfFrames).empty() && !in_range(DCM_NumberOfFrames, 1, 1'000'000, format.frames))
    return "NumberOfFrames is not a number of frames";
  int samples = 1;
  if (present(d, DCM_SamplesPerPixel) && (!in_range(DCM_SamplesPerPixel, 1, 4, samples) || samples != 1))
    return "it has several samples per pixel (a colour image)";
  const std::string photometric = text(d, DCM_PhotometricInterpretation);
  if (!photometric.empty() && photometric.rfind("MONOCHROME", 0) != 0)
    return "PhotometricInterpretation is " + photometric + ", not MONOCHROME2";
  if (!in_range(DCM_BitsAllocated, 8, 32, format.bits_allocated) || format.bits_allocated % 8 ||
      format.bits_allocated == 24)
    return "BitsAllocated is not 8, 16 or 32";
  if (!in_range(DCM_BitsStored, 1, format.bits_allocated, format.bits_stored))
    return "BitsStored is missing or more than BitsAllocated";
  format.high_bit = format.bits_stored - 1;
  if (present(d, DCM_HighBit) &&
      !in_range(DCM_HighBit, format.bits_stored - 1, format.bits_allocated - 1, format.high_bit))
    return "HighBit does not fit BitsStored and BitsAllocated";
  int representation = 0;
  if (!in_range(DCM_PixelRepresentation, 0, 1, representation)) return "PixelRepresentation is missing or not 0 or 1";
  format.is_signed = representation == 1;
  if (std::uint64_t(format.pixel_count()) * std::uint64_t(format.bits_allocated / 8) > largest_bytes)
    return "its pixels need more than 2 GiB";
  return {};
}

template <class Word>
void widen(std::span<const std::uint8_t> bytes, const PixelFormat& format, std::vector<std::int32_t>& out) {
  const auto* words = reinterpret_cast<const Word*>(bytes.data());
  const int shift = format.high_bit + 1 - format.bits_stored;
  const std::uint32_t mask = format.bits_stored >= 32 ? ~0u : (1u << format.bits_stored) - 1u;
  const std::uint32_t sign = format.is_signed ? 1u << (format.bits_stored - 1) : 0u;
  for (std::size_t n = 0; n < out.size(); ++n) {
    const std::uint32_t value = (std::uint32_t(words[n]) >> shift) & mask;
    // Flipping the sign bit and subtracting it extends the sign.
    out[n] = std::int32_t((value ^ sign) - sign);
  }
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int n = 0; n < count; ++n) value = value << 8 | bytes[at + std::size_t(n)];
  return value;
}

// Reads the size marker of the codestream (ISO/IEC 15444-1 A.5.1) and compares it with the header.
std::string codestream_refusal(std::span<const std::uint8_t> bytes, const PixelFormat& format, bool& is_signed) {
  constexpr std::size_t size_marker_bytes = 45, boxes_at_most = 4096;
  std::size_t at = 0;
  while (at + size_marker_bytes <= bytes.size() && at < boxes_at_most && big_endian(bytes, at, 4) != 0xFF4FFF51u) ++at;
  if (at + size_marker_bytes > bytes.size() || at >= boxes_at_most) return "there is no JPEG 2000 codestream";
  const auto field = [&](std::size_t offset, int count) { return big_endian(bytes, at + 2 + offset, count); };
  const std::uint32_t width = field(6, 4) - field(14, 4), height = field(10, 4) - field(18, 4);
  if (width != std::uint32_t(format.columns) || height != std::uint32_t(format.rows))
    return "the JPEG 2000 image is " + std::to_string(width) + " x " + std::to_string(height) + ", the header says " +
           std::to_string(format.columns) + " x " + std::to_string(format.rows);
  if (field(38, 2) != 1) return "the JPEG 2000 image has several components";
  const std::uint32_t depth = (field(40, 1) & 0x7Fu) + 1;
  if (depth > std::uint32_t(format.bits_allocated) || (depth > 8) != (format.bits_allocated > 8))
    return "the JPEG 2000 image has " + std::to_string(depth) + " bits per pixel, the header says " +
           std::to_string(format.bits_allocated);
  const std::uint32_t tile_width = field(22, 4), tile_height = field(26, 4);
  if (tile_width == 0 || tile_height == 0 || field(41, 1) != 1 || field(42, 1) != 1)
    return "the JPEG 2000 image has an impossible size marker";
  constexpr std::uint64_t most_tiles = 65535;
  if ((std::uint64_t(width) / tile_width + 1) * (std::uint64_t(height) / tile_height + 1) > most_tiles)
    return "the JPEG 2000 image has too many tiles";
  is_signed = (field(40, 1) & 0x80u) != 0;
  return {};
}

std::vector<std::uint8_t> fragments_of(DcmDataset& dataset, const std::string& where) {
  DcmElement* element = nullptr;
  dataset.findAndGetElement(DCM_PixelData, element);
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  DcmPixelSequence* sequence = pixels ? encapsulated(*pixels) : nullptr;
  if (!sequence) fail("there are no compressed pixel data", where);
  std::vector<std::uint8_t> bytes;
  for (unsigned long n = 1; n < sequence->card(); ++n) {
    DcmPixelItem* fragment = nullptr;
    Uint8* data = nullptr;
    if (sequence->getItem(fragment, n).bad() || !fragment || fragment->getLength() == 0) continue;
    if (fragment->getUint8Array(data).bad() || !data) fail("a fragment cannot be read", where);
    bytes.insert(bytes.end(), data, data + fragment->getLength());
  }
  return bytes;
}

std::vector<std::int32_t> decode_jpeg_2000(DcmDataset& dataset, const PixelFormat& format, const std::string& where) {
  if (format.frames != 1) fail("it is a multi-frame JPEG 2000 image", where);
  if (format.bits_allocated > 16) fail("it is a JPEG 2000 image of more than 16 bits", where);
  std::vector<std::uint8_t> stream = fragments_of(dataset, where);
  if (stream.size() % 2) stream.push_back(0);
  PixelFormat decoded = format;
  if (const std::string why = codestream_refusal(stream, format, decoded.is_signed); !why.empty()) fail(why, where);

  gdcm::JPEG2000Codec codec;
  codec.SetNumberOfDimensions(2);
  const std::vector<unsigned int> size{unsigned(format.columns), unsigned(format.rows)};
  codec.SetDimensions(size);
  codec.SetPlanarConfiguration(0);
  codec.SetPhotometricInterpretation(gdcm::PhotometricInterpretation::MONOCHROME2);
  codec.SetPixelFormat(gdcm::PixelFormat(1, std::uint16_t(format.bits_allocated), std::uint16_t(format.bits_stored),
                                         std::uint16_t(format.bits_stored - 1), std::uint16_t(decoded.is_signed)));
  gdcm::SmartPointer<gdcm::SequenceOfFragments> fragments = new gdcm::SequenceOfFragments;
  gdcm::Fragment fragment;
  fragment.SetByteValue(reinterpret_cast<const char*>(stream.data()), gdcm::VL(std::uint32_t(stream.size())));
  fragments->AddFragment(fragment);
  gdcm::DataElement in(gdcm::Tag(0x7fe0, 0x0010)), out(gdcm::Tag(0x7fe0, 0x0010));
  in.SetValue(*fragments);
  bool good = false;
  try {
    good = codec.Decode(in, out);
  } catch (const std::exception& error) {
    fail(std::string("the JPEG 2000 decoder reports: ") + error.what(), where);
  }
  const gdcm::ByteValue* value = good ? out.GetByteValue() : nullptr;
  const std::size_t bytes_per_pixel = std::size_t(format.bits_allocated) / 8;
  if (!value || std::size_t(value->GetLength()) < format.pixel_count() * bytes_per_pixel)
    fail("the JPEG 2000 codestream is damaged", where);
  std::vector<std::int32_t> pixels(format.pixel_count());
  const std::span<const std::uint8_t> bytes{reinterpret_cast<const std::uint8_t*>(value->GetPointer()),
                                            value->GetLength()};
  // The codec returns whole words; the sign is the codestream's.
  decoded.bits_stored = decoded.bits_allocated;
  decoded.high_bit = decoded.bits_allocated - 1;
  if (format.bits_allocated == 8)
    widen<std::uint8_t>(bytes, decoded, pixels);
  else
    widen<std::uint16_t>(bytes, decoded, pixels);
  return pixels;
}

// The decoded bytes by DCMTK; `format` follows what the decoder wrote into the header.
std::span<const std::uint8_t> decoded_bytes(DcmDataset& dataset, PixelFormat& format, const std::string& where) {
  if (format.compressed) {
    const OFCondition status = dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr);
    if (status.bad() || !dataset.canWriteXfer(EXS_LittleEndianExplicit))
      fail(format.transfer_syntax_name + ": " + (status.text() ? status.text() : "unknown error"), where);
    PixelFormat after = format;
    if (const std::string why = format_refusal(dataset, after); !why.empty()) fail(why, where);
    if (after.pixel_count() != format.pixel_count())
      fail("the compressed image has another size than the header says", where);
    after.compressed = false;
    format = after;
  }
  const auto bytes = pixel_bytes(dataset);
  if (bytes.size() < format.pixel_count() * std::size_t(format.bits_allocated / 8))
    fail("there are too few pixels", where);
  return bytes;
}

}  // namespace

void silence_gdcm() {
  gdcm::Trace::DebugOff();
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
}

PixelFormat pixel_format_of(DcmDataset& dataset, std::string& refusal) {
  PixelFormat format;
  const DcmXfer syntax(dataset.getOriginalXfer());
  format.transfer_syntax_uid = syntax.getXferID() ? syntax.getXferID() : "";
  format.transfer_syntax_name = syntax.getXferName() ? syntax.getXferName() : "";
  format.compressed = syntax.isEncapsulated();
  refusal = format_refusal(dataset, format);
  if (refusal.empty()) refusal = pixel_data_refusal(dataset, format);
  return format;
}

std::vector<std::int32_t> decode_pixels(DcmDataset& dataset, const PixelFormat& format, const std::string& where) {
  if (is_jpeg_2000(format.transfer_syntax_uid)) return decode_jpeg_2000(dataset, format, where);
  PixelFormat decoded = format;
  const auto bytes = decoded_bytes(dataset, decoded, where);
  std::vector<std::int32_t> pixels(decoded.pixel_count());
  if (decoded.bits_allocated == 8)
    widen<std::uint8_t>(bytes, decoded, pixels);
  else if (decoded.bits_allocated == 16)
    widen<std::uint16_t>(bytes, decoded, pixels);
  else
    fail("it has 32 bits per pixel", where);
  return pixels;
}

std::vector<std::uint32_t> decode_pixels_32(DcmDataset& dataset, const PixelFormat& format, const std::string& where) {
  if (is_jpeg_2000(format.transfer_syntax_uid)) fail("32 bit JPEG 2000 is not supported", where);
  // DCMTK swaps big endian OW word by word of 16 bits, which leaves the high word first.
  const bool high_word_first = format.transfer_syntax_uid == UID_BigEndianExplicitTransferSyntax;
  PixelFormat decoded = format;
  const auto bytes = decoded_bytes(dataset, decoded, where);
  if (decoded.bits_allocated != 32) fail("the decoder changed the number of bits", where);
  const auto* words = reinterpret_cast<const std::uint16_t*>(bytes.data());
  std::vector<std::uint32_t> pixels(decoded.pixel_count());
  for (std::size_t n = 0; n < pixels.size(); ++n) {
    const std::uint32_t first = words[2 * n], second = words[2 * n + 1];
    pixels[n] = high_word_first ? first << 16 | second : second << 16 | first;
  }
  return pixels;
}

}  // namespace sbrt::dicom::detail
