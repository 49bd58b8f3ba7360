#include "dose/text_lines.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sbrt {

std::vector<std::pair<int, std::string_view>> numbered_lines(std::string_view text) {
  constexpr std::string_view blank = " \t\r\f\v";
  std::vector<std::pair<int, std::string_view>> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    line = line.substr(0, line.find_last_not_of(blank) + 1);
    lines.emplace_back(number, line);
  }
  return lines;
}

std::vector<std::string_view> tokens_of(std::string_view line, std::string_view separators) {
  std::vector<std::string_view> tokens;
  while (true) {
    const std::size_t begin = line.find_first_not_of(separators);
    if (begin == std::string_view::npos) return tokens;
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(separators);
    tokens.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return tokens;
    line.remove_prefix(end);
  }
}

std::string lower_case(std::string_view text) {
  std::string all(text);
  for (char& c : all)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return all;
}

bool is_number(std::string_view token, double& value) {
  if (token.size() > 1 && token[0] == '+' && token[1] != '-') token.remove_prefix(1);
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  return error == std::errc{} && end == token.data() + token.size() && !token.empty() && std::isfinite(value);
}

std::vector<double> numbers_of(std::string_view line, const std::string& place) {
  std::vector<double> values;
  for (const std::string_view token : tokens_of(line, " \t,")) {
    double value = 0;
    if (!is_number(token, value))
      throw InputError(fmt::format("'{}' is not a finite number", token), place, "the line holds numbers only",
                       "correct the line");
    values.push_back(value);
  }
  return values;
}

}  // namespace sbrt
