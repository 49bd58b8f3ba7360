#include "geometry/parallel.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sbrt {
namespace {

class Parallel : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    before_ = thread_count();
    set_thread_count(GetParam());
  }
  void TearDown() override { set_thread_count(before_); }
  int before_ = 1;
};

TEST_P(Parallel, CallsEachIndexOnce) {
  std::vector<int> calls(1000, 0);
  parallel_for(1000, [&](std::int64_t i) { ++calls[std::size_t(i)]; });
  EXPECT_EQ(calls, std::vector<int>(1000, 1));
  parallel_for(0, [](std::int64_t) { FAIL(); });
}

TEST_P(Parallel, BlocksCoverTheRangeAndDoNotDependOnTheThreads) {
  std::vector<std::int64_t> block_of(103, -1);
  parallel_for_blocks(103, 10, [&](std::int64_t begin, std::int64_t end) {
    EXPECT_LE(end - begin, 10);
    for (std::int64_t i = begin; i < end; ++i) block_of[std::size_t(i)] = begin;
  });
  for (std::size_t i = 0; i < block_of.size(); ++i) EXPECT_EQ(block_of[i], std::int64_t(i / 10 * 10));
}

TEST_P(Parallel, RethrowsTheExceptionOfTheLowestIndex) {
  for (int run = 0; run < 20; ++run) {
    try {
      parallel_for(500, [](std::int64_t i) {
        if (i % 97 == 50) throw InputError(std::to_string(i), "", "", "");
      });
      FAIL();
    } catch (const InputError& e) {
      EXPECT_EQ(e.problem(), "50");
    }
  }
}

TEST_P(Parallel, SumsInFixedOrderAreTheSame) {
  std::vector<double> part(64, 0);
  parallel_for(64, [&](std::int64_t b) {
    for (int i = 0; i < 1000; ++i) part[std::size_t(b)] += 1.0 / double(1 + i + 1000 * b);
  });
  double sum = 0;
  for (const double p : part) sum += p;
  static double first = 0;
  if (first == 0) first = sum;
  EXPECT_EQ(sum, first);
}

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, ::testing::Values(1, 2, 3));

TEST(ThreadCount, RefusesNonsense) {
  EXPECT_THROW(set_thread_count(0), InputError);
  EXPECT_THROW(set_thread_count(5000), InputError);
}

}  // namespace
}  // namespace sbrt
