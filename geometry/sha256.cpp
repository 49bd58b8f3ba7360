#include "geometry/sha256.h"

#include "geometry/error.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>

namespace sbrt {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  SBRT_ENSURE(state_->context && EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(const void* data, std::size_t bytes) {
  SBRT_ENSURE(EVP_DigestUpdate(state_->context, data, bytes) == 1);
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  SBRT_ENSURE(EVP_DigestFinal_ex(state_->context, digest.data(), &length) == 1);
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

std::string sha256_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  struct Closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rb"));
  if (!file)
    throw InputError("cannot read the file", path.string(), "it cannot be opened", "check path and permission");
  Sha256 hash;
  std::array<char, 1 << 16> buffer{};
  std::size_t got = 0;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0) hash.add(buffer.data(), got);
  if (std::ferror(file.get()))
    throw InputError("cannot read the file", path.string(), "reading failed half way", "check the disk");
  return hash.finish();
}

}  // namespace sbrt
