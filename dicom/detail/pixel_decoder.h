/// Stored pixel values of a file that DCMTK has parsed, whatever its transfer syntax.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

class DcmDataset;

namespace sbrt::dicom::detail {

/// How the pixels of a file are stored. Valid once read by pixel_format_of.
struct PixelFormat {
  int rows = 0, columns = 0, frames = 1;
  int bits_allocated = 16, bits_stored = 16, high_bit = 15;
  bool is_signed = false;
  bool compressed = false;
  std::string transfer_syntax_uid, transfer_syntax_name;
  std::size_t pixel_count() const { return std::size_t(rows) * std::size_t(columns) * std::size_t(frames); }
};

/// Reads the pixel attributes and checks that pixel data are there with the length they promise.
/// @param refusal set to the reason when the pixels cannot be decoded
PixelFormat pixel_format_of(DcmDataset& dataset, std::string& refusal);

/// Stored values, column fastest, then row, then frame; unused high bits removed, sign extended.
/// Uncompressed, deflated, RLE, JPEG and JPEG-LS by DCMTK, JPEG 2000 by GDCM (Debian's DCMTK has no decoder for it).
/// GDCM never parses the file: it gets only the checked codestream, because Debian's build aborts on malformed files.
/// @throws InputError naming `where` when decoding fails
std::vector<std::int32_t> decode_pixels(DcmDataset& dataset, const PixelFormat& format, const std::string& where);
/// 32 bit unsigned values, as dose grids have them.
std::vector<std::uint32_t> decode_pixels_32(DcmDataset& dataset, const PixelFormat& format, const std::string& where);

/// Turns the warnings and errors that GDCM writes to stderr off.
void silence_gdcm();

}  // namespace sbrt::dicom::detail
