/// Volumes as NIfTI or NRRD, through ITK; the ending of the name decides (.nii.gz, .nrrd).
///
/// Values are written as they are, compressed; size, spacing, origin and axes are those of the grid. NIfTI turns the
/// axes to its own convention (RAS), NRRD states LPS.
#pragma once

#include "geometry/volume.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace sbrt {

/// @throws InputError when the file cannot be written
void write_volume(const Grid& grid, const std::vector<float>& values, const std::filesystem::path& path);
void write_volume(const Grid& grid, const std::vector<std::int16_t>& values, const std::filesystem::path& path);
void write_volume(const Grid& grid, const std::vector<std::uint8_t>& values, const std::filesystem::path& path);

}  // namespace sbrt
