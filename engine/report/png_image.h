/// PNG in memory: a picture of a patient must not stay behind in a temporary folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sbrt {

/// @param pixels rows from the top, `channels` bytes for each pixel: 1 grey, 3 red green blue
std::string png_image(const std::vector<std::uint8_t>& pixels, int width, int height, int channels);

}  // namespace sbrt
