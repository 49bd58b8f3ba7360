#include "dicom/detail/nesting.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

namespace sbrt::dicom::detail {
namespace {

constexpr std::size_t deepest = 100;   // RT objects nest fewer than ten levels
constexpr std::size_t tag_bytes = 12;  // longest header of an element: tag, VR, length
constexpr std::uint64_t open_end = std::numeric_limits<std::uint64_t>::max();

std::uint32_t word(const std::uint8_t* p, bool big) {
  return big ? std::uint32_t(p[0]) << 24 | std::uint32_t(p[1]) << 16 | std::uint32_t(p[2]) << 8 | p[3]
             : std::uint32_t(p[3]) << 24 | std::uint32_t(p[2]) << 16 | std::uint32_t(p[1]) << 8 | p[0];
}

// Follows item starts and ends through the bytes of a file.
class NestingMeter {
 public:
  bool too_deep() const { return deepest_seen_ > deepest; }

  /// @param bytes of the file from offset `at`, @param count number of them
  /// @return how many bytes to go on; less than count keeps the rest for the next call, more steps over a value
  std::uint64_t consume(const std::uint8_t* bytes, std::size_t count, std::uint64_t at) {
    for (std::size_t n = 0; n + tag_bytes <= count;) {
      if (const std::uint64_t value = pixel_value(bytes + n)) return n + value;
      const bool little = std::memcmp(bytes + n, "\xFE\xFF", 2) == 0;
      const bool big = std::memcmp(bytes + n, "\xFF\xFE", 2) == 0;
      if (little || big) delimiter(word(bytes + n, big), word(bytes + n + 4, big), at + n, big);
      ++n;
      n += distance_to_candidate(bytes + n, count - n);
    }
    return count < tag_bytes ? count : count - tag_bytes + 1;
  }

 private:
  // Only these bytes can start an item, its end or pixel data.
  static std::size_t distance_to_candidate(const std::uint8_t* bytes, std::size_t count) {
    std::size_t n = 0;
    while (n < count && bytes[n] < 0xE0 && bytes[n] != 0x7F) ++n;
    return n;
  }

  // Length of header and value when native pixel data start here, else 0.
  static std::uint64_t pixel_value(const std::uint8_t* p) {
    const bool little = std::memcmp(p, "\xE0\x7F\x10\x00", 4) == 0, big = std::memcmp(p, "\x7F\xE0\x00\x10", 4) == 0;
    if (!little && !big) return 0;
    const bool explicit_vr = std::memcmp(p + 4, "OW\0\0", 4) == 0 || std::memcmp(p + 4, "OB\0\0", 4) == 0;
    const std::uint32_t length = word(p + (explicit_vr ? 8 : 4), big);
    if (length == 0xFFFFFFFFu) return 0;
    return (explicit_vr ? 12u : 8u) + std::uint64_t(length);
  }

  void delimiter(std::uint32_t tag, std::uint32_t length, std::uint64_t at, bool big) {
    const std::uint32_t element = big ? tag & 0xFFFFu : tag >> 16;
    if (element == 0xE00D && !ends_.empty() && ends_.back() == open_end) ends_.pop_back();
    if (element != 0xE000) return;
    while (!ends_.empty() && ends_.back() <= at) ends_.pop_back();
    ends_.push_back(length == 0xFFFFFFFFu ? open_end : at + 8 + length);
    deepest_seen_ = std::max(deepest_seen_, ends_.size());
  }

  std::vector<std::uint64_t> ends_;  //!< file offset at which each open item ends
  std::size_t deepest_seen_ = 0;
};

// Read(buffer, count) returns the bytes read; Skip(count) steps over bytes, false at the end.
template <class Read, class Skip>
std::string meter(Read read, Skip skip) {
  constexpr std::size_t block = std::size_t(1) << 18;
  constexpr std::uint64_t largest_file = std::uint64_t(1) << 33;  // an inflated file can be far larger than it looks
  std::vector<std::uint8_t> buffer(block);
  NestingMeter nesting;
  std::size_t held = 0;
  std::uint64_t at = 0;
  while (true) {
    const std::size_t count = read(buffer.data() + held, block - held);
    if (count == 0) return {};
    held += count;
    const std::uint64_t used = nesting.consume(buffer.data(), held, at);
    if (nesting.too_deep()) return "damaged: its sequences are nested more than " + std::to_string(deepest) + " deep";
    at += used;
    if (at > largest_file) return "it holds more than 8 GiB";
    if (used >= held) {
      if (!skip(used - held)) return {};
      held = 0;
    } else {
      std::memmove(buffer.data(), buffer.data() + used, held - used);
      held -= used;
    }
  }
}

std::string meter_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const auto read = [&](std::uint8_t* to, std::size_t count) {
    in.read(reinterpret_cast<char*>(to), std::streamsize(count));
    return std::size_t(in.gcount());
  };
  const auto skip = [&](std::uint64_t count) { return bool(in.seekg(std::streamoff(count), std::ios::cur)); };
  return meter(read, skip);
}

bool is_deflated(const std::filesystem::path& path) {
  std::string head(1024, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), std::streamsize(head.size()));
  head.resize(std::size_t(in.gcount()));
  return head.find(UID_DeflatedExplicitVRLittleEndianTransferSyntax) != std::string::npos;
}

std::string meter_inflated(const std::filesystem::path& path) {
  DcmInputFileStream stream(OFFilename(path.c_str(), OFFalse));
  DcmMetaInfo meta;
  meta.transferInit();
  const bool good = meta.read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength).good();
  meta.transferEnd();
  if (!good || stream.installCompressionFilter(ESC_zlib).bad()) return {};  // DCMTK will find the same fault
  const auto read = [&](std::uint8_t* to, std::size_t count) {
    std::size_t got = 0;
    while (got < count && !stream.eos()) {
      const auto more = std::size_t(stream.read(to + got, offile_off_t(count - got)));
      if (more == 0) break;
      got += more;
    }
    return got;
  };
  const auto skip = [&](std::uint64_t count) {
    while (count > 0) {
      const auto stepped = std::uint64_t(stream.skip(offile_off_t(std::min<std::uint64_t>(count, 1u << 20))));
      if (stepped == 0) return false;
      count -= stepped;
    }
    return true;
  };
  return meter(read, skip);
}

}  // namespace

std::string nesting_refusal(const std::filesystem::path& path) {
  std::string refusal = meter_file(path);
  if (refusal.empty() && is_deflated(path)) refusal = meter_inflated(path);
  return refusal;
}

}  // namespace sbrt::dicom::detail
