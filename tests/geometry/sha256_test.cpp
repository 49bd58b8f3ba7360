// FIPS 180-4 example vectors (NIST, Secure Hash Standard examples).
#include "geometry/sha256.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

TEST(Sha256, GivesTheFipsVectors) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  for (int i = 0; i < 1000; ++i) million.add(std::string(1000, 'a'));
  EXPECT_EQ(million.finish(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, RefusesAMissingFile) { EXPECT_THROW(sha256_of_file("/no/such/file"), InputError); }

}  // namespace
}  // namespace sbrt
