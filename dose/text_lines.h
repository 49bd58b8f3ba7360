/// Small pieces for strict readers of line-wise text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sbrt {

/// Lines without blanks at the ends, numbered from 1. LF, CR LF.
std::vector<std::pair<int, std::string_view>> numbered_lines(std::string_view text);
std::vector<std::string_view> tokens_of(std::string_view line, std::string_view separators);
std::string lower_case(std::string_view text);

/// Finite decimal number, a sign allowed, nothing before or behind it.
bool is_number(std::string_view token, double& value);
/// All numbers of a line, separated by blanks or commas. @throws InputError naming the first that is none
std::vector<double> numbers_of(std::string_view line, const std::string& place);

}  // namespace sbrt
