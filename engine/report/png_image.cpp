#include "engine/report/png_image.h"

#include "geometry/error.h"

#include <png.h>

namespace sbrt {

std::string png_image(const std::vector<std::uint8_t>& pixels, int width, int height, int channels) {
  SBRT_EXPECT(channels == 1 || channels == 3);
  SBRT_EXPECT(pixels.size() == std::size_t(width) * height * channels);
  ::png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(width);
  image.height = png_uint_32(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr))
    throw InputError("a picture cannot be made", "PNG", image.message, "report this");
  bytes.resize(size);
  return bytes;
}

}  // namespace sbrt
