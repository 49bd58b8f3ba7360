#pragma once

#include <string_view>

namespace sbrt {

/// True when all of `text` fits `pattern`: * is any run of bytes, ? any one byte, everything else itself; ASCII letter
/// case does not count. Takes time in proportion to the product of the lengths at most.
bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace sbrt
