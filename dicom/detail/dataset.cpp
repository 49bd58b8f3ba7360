#include "dicom/detail/dataset.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace sbrt::dicom::detail {
namespace {

std::string_view trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\0' || c == '\t' || c == '\r' || c == '\n'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

// Length of the UTF-8 sequence at s[at], or 0 when it is not valid (RFC 3629).
std::size_t utf8_length(std::string_view s, std::size_t at) {
  const auto byte = [&](std::size_t n) { return at + n < s.size() ? std::uint8_t(s[at + n]) : std::uint8_t(0); };
  const auto follows = [&](std::size_t n) { return (byte(n) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::string raw_text(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || !element || !element->isLeaf()) return {};
  // The whole string at once: getOFStringArray takes time that grows with the square of the number of values.
  char* characters = nullptr;
  Uint32 length = 0;
  if (element->getString(characters, length).good())
    return characters ? std::string(characters, length) : std::string();
  OFString value;
  if (element->getOFStringArray(value).bad()) return {};
  return {value.data(), value.size()};
}

std::optional<double> parse_decimal(std::string_view value) {
  value = trimmed(value);
  if (value.starts_with('+')) value.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string valid_utf8(std::string bytes) {
  bool ascii = true;
  for (const char c : bytes) ascii = ascii && std::uint8_t(c) < 0x80;
  if (ascii) return bytes;
  bool valid = true;
  for (std::size_t at = 0; valid && at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at);
    valid = length > 0;
    at += length;
  }
  if (valid) return bytes;
  std::string converted;
  for (const char c : bytes) {
    const auto b = std::uint8_t(c);
    if (b < 0x80) {
      converted += c;
    } else {
      converted += char(0xC0 | (b >> 6));
      converted += char(0x80 | (b & 0x3F));
    }
  }
  return converted;
}

std::string text(DcmItem& item, const DcmTagKey& tag) { return valid_utf8(std::string(trimmed(raw_text(item, tag)))); }

std::string text_at(DcmItem& item, const DcmTagKey& tag, std::size_t position) {
  const std::string all = text(item, tag);
  std::size_t begin = 0;
  for (; position > 0; --position) {
    begin = all.find('\\', begin);
    if (begin == std::string::npos) return {};
    ++begin;
  }
  return std::string(trimmed(std::string_view(all).substr(begin, all.find('\\', begin) - begin)));
}

std::optional<std::vector<double>> numbers(DcmItem& item, const DcmTagKey& tag) {
  const std::string value = raw_text(item, tag);
  const std::string_view all = trimmed(value);
  if (all.empty()) return std::nullopt;
  std::vector<double> result;
  for (std::size_t begin = 0; begin <= all.size();) {
    const std::size_t end = std::min(all.find('\\', begin), all.size());
    const auto parsed = parse_decimal(all.substr(begin, end - begin));
    if (!parsed) return std::nullopt;
    result.push_back(*parsed);
    begin = end + 1;
  }
  return result;
}

std::optional<double> number(DcmItem& item, const DcmTagKey& tag) {
  const auto all = numbers(item, tag);
  if (!all || all->size() != 1) return std::nullopt;
  return all->front();
}

std::optional<long> integer(DcmItem& item, const DcmTagKey& tag) {
  const auto value = number(item, tag);
  constexpr double largest = 1e15;
  if (!value || std::abs(*value) > largest || *value != std::floor(*value)) return std::nullopt;
  return long(*value);
}

bool present(DcmItem& item, const DcmTagKey& tag) { return item.tagExists(tag); }

std::vector<DcmItem*> items(DcmItem& item, const DcmTagKey& tag) {
  std::vector<DcmItem*> found;
  DcmSequenceOfItems* sequence = nullptr;
  if (item.findAndGetSequence(tag, sequence).bad() || !sequence) return found;
  // Stepping with nextInContainer is linear; getItem(n) walks the list from one end each time.
  for (DcmObject* next = sequence->nextInContainer(nullptr); next; next = sequence->nextInContainer(next))
    if (auto* child = dynamic_cast<DcmItem*>(next)) found.push_back(child);
  return found;
}

PatientStudy patient_study_of(DcmItem& d) {
  PatientStudy s;
  s.patient_name = text(d, DCM_PatientName);
  s.patient_id = text(d, DCM_PatientID);
  s.patient_birth_date = text(d, DCM_PatientBirthDate);
  s.patient_sex = text(d, DCM_PatientSex);
  s.study_instance_uid = text(d, DCM_StudyInstanceUID);
  s.study_id = text(d, DCM_StudyID);
  s.study_date = text(d, DCM_StudyDate);
  s.study_time = text(d, DCM_StudyTime);
  s.accession_number = text(d, DCM_AccessionNumber);
  s.referring_physician = text(d, DCM_ReferringPhysicianName);
  s.study_description = text(d, DCM_StudyDescription);
  return s;
}

InstanceReference reference_of(DcmItem& d) { return {text(d, DCM_SOPClassUID), text(d, DCM_SOPInstanceUID)}; }

}  // namespace sbrt::dicom::detail
