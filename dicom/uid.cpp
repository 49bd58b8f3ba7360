#include "dicom/export.h"
#include "geometry/sha256.h"

namespace sbrt::dicom {
namespace {

// Decimal digits of a 128-bit number given as 32 hexadecimal digits, by long division.
std::string decimal_of_hex(const std::string& hex) {
  std::string decimal;
  std::string digits = hex;
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  while (!digits.empty()) {
    int remainder = 0;
    std::string quotient;
    for (const char c : digits) {
      const int current = remainder * 16 + value(c);
      const int q = current / 10;
      remainder = current % 10;
      if (!quotient.empty() || q) quotient += "0123456789abcdef"[q];
    }
    decimal.insert(decimal.begin(), char('0' + remainder));
    digits = quotient;
  }
  return decimal;
}

}  // namespace

std::string uid_from(const std::string& seed) {
  // 128 bits of the hash, marked as a version 8 UUID (RFC 9562) as the 2.25 root asks for a UUID.
  std::string hex = sha256_of(seed).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10) & 3];
  return "2.25." + decimal_of_hex(hex);
}

}  // namespace sbrt::dicom
