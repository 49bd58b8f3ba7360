#include "engine/planning/low_discrepancy.h"
#include "engine/planning/lp_solver.h"
#include "geometry/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace sbrt {
namespace {

// Rows hold within 1e-6; costs per unit of row are below 1, optima above 1.
constexpr double relative = 1e-6;

/// Doses of random beams: a third of the points wants at least 1, the others at most 0.6, with elastic columns.
struct RandomProgram {
  LinearProgram program;
  std::vector<double> costs;

  RandomProgram(int points, int beams, std::uint64_t seed, double limit = 0.6) {
    for (int j = 0; j < beams; ++j) {
      program.columns.push_back({"x" + std::to_string(j), 0, 100});
      costs.push_back(0.001);
    }
    for (int i = 0; i < points; ++i) {
      const bool target = i % 3 == 0;
      LpRow row{"r" + std::to_string(i), {}, {}, target ? 1 : -HUGE_VAL, target ? HUGE_VAL : limit};
      for (int j = 0; j < beams; ++j) {
        const double u = unit_number(mixed(seed + 7919 * std::uint64_t(i) + 104729 * std::uint64_t(j)));
        if (u > (target ? 0.5 : 0.3)) continue;
        row.columns.push_back(j);
        row.values.push_back(0.01 * u);
      }
      row.columns.push_back(int(program.columns.size()));
      row.values.push_back(target ? 1 : -1);
      program.columns.push_back({"e" + std::to_string(i), 0, 100});
      costs.push_back(target ? 1 : 0.3);
      program.rows.push_back(row);
    }
  }
};

double largest_violation(const LinearProgram& program, const std::vector<double>& x) {
  double worst = 0;
  for (const LpRow& row : program.rows) {
    const double a = row.activity(x);
    worst = std::max({worst, row.low - a, a - row.high});
  }
  return worst;
}

class LinearProgramFile : public testing::Test {
 protected:
  LinearProgramFile() : folder(std::filesystem::temp_directory_path() / ("sbrt-lp-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder);
  }
  ~LinearProgramFile() override { std::filesystem::remove_all(folder); }

  std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> part{};
    while (pipe && fgets(part.data(), int(part.size()), pipe)) text += part.data();
    if (pipe) pclose(pipe);
    return text;
  }
  static double number_after(const std::string& text, const std::string& word) {
    const std::size_t at = text.rfind(word);
    return at == std::string::npos ? NAN : std::stod(text.substr(at + word.size()));
  }
  std::filesystem::path folder;
};

TEST(LinearProgram, ByHand) {
  // max 3a + 2b, a + b <= 4, a + 3b <= 6, a <= 3: corner (3, 1), value 11; multipliers 2 and 0, reduced cost of a 1.
  const LinearProgram p{{{"a", 0, 3}, {"b", 0, 100}},
                        {{"one", {0, 1}, {1, 1}, -HUGE_VAL, 4}, {"two", {0, 1}, {1, 3}, -HUGE_VAL, 6}}};
  LpSolver solver(p, {});
  const LpSolution s = solver.minimise({-3, -2});
  EXPECT_NEAR(s.primal, -11, 1e-9);
  EXPECT_NEAR(s.dual_bound, -11, 1e-9);
  EXPECT_NEAR(s.x[0], 3, 1e-9);
  EXPECT_NEAR(s.x[1], 1, 1e-9);
  // The bound by hand from other multipliers: 4 (-2.5) + min (-3 + 2.5) a + min (-2 + 2.5) b = -10 - 1.5.
  EXPECT_NEAR(lp_dual_bound(p, {-3, -2}, {-2.5, 0}), -11.5, 1e-12);
}

TEST(LinearProgram, ContradictionIsRefused) {
  const LinearProgram p{{{"a", 0, 3}}, {{"low", {0}, {1}, 2, HUGE_VAL}, {"high", {0}, {1}, -HUGE_VAL, 1}}};
  LpSolver solver(p, {});
  EXPECT_THROW(solver.minimise({1}), InputError);
}

TEST(LinearProgram, LazyRowsEndAtTheOptimumOfAll) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const RandomProgram c(400, 60, seed);
    LpSolver solver(c.program, {});
    const LpSolution s = solver.minimise(c.costs);
    EXPECT_LE(largest_violation(c.program, s.x), 1.1e-6);
    EXPECT_GT(s.primal, 0.5);
    // Feasible and equal to a bound that holds for every feasible point: optimal, whoever found it.
    EXPECT_NEAR(s.primal, s.dual_bound, relative * s.primal);
    // From a start that breaks nothing and from one that breaks all.
    LpSolver full(c.program, std::vector<double>(c.program.columns.size(), 0.0));
    EXPECT_NEAR(full.minimise(c.costs).primal, s.primal, relative * s.primal);
  }
}

/// Asks to stop at the n-th question.
struct StopAt final : Progress {
  explicit StopAt(int n) : left(n) {}
  void begin(std::string_view, std::int64_t) override {}
  void advance(std::int64_t) override {
    if (--left <= 0) throw Cancelled();
  }
  void end() override {}
  int left;
};

TEST(LinearProgram, StopsInTheMiddleOfTheSimplex) {
  const RandomProgram c(400, 60, 1);
  LpSolver free(c.program, {});
  ASSERT_GT(free.minimise(c.costs).iterations, 50);
  StopAt progress(20);
  LpSolver solver(c.program, {}, progress);
  EXPECT_THROW(solver.minimise(c.costs), Cancelled);
  EXPECT_GT(progress.left, -5);  // it did not go on asking
}

TEST(LinearProgram, MoreColumnsNeverWorseTighterLimitNeverBetter) {
  double before = HUGE_VAL;
  for (const int beams : {20, 40, 80}) {  // the first columns of the larger programme are those of the smaller one
    const RandomProgram c(300, beams, 7);
    LpSolver solver(c.program, {});
    const double now = solver.minimise(c.costs).primal;
    EXPECT_LE(now, before * (1 + relative)) << beams;
    before = now;
  }
  double looser = 0;
  for (const double limit : {0.8, 0.6, 0.4}) {
    const RandomProgram c(300, 40, 7, limit);
    LpSolver solver(c.program, {});
    const double now = solver.minimise(c.costs).primal;
    EXPECT_GE(now, looser * (1 - relative)) << limit;
    looser = now;
  }
}

TEST(LinearProgram, WaitingColumnsEndAtTheOptimumOfAll) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    RandomProgram c(300, 900, seed);
    LpSolver all(c.program, {});
    const LpSolution expected = all.minimise(c.costs);
    for (std::size_t j = 0; j < 900; ++j) c.program.columns[j].waits = true;
    std::vector<double> start(c.program.columns.size(), 0.0);
    for (std::size_t j = 0; j < 900; j += 45) start[j] = 1;
    LpSolver solver(c.program, start);
    const LpSolution s = solver.minimise(c.costs);
    EXPECT_NEAR(s.primal, expected.primal, relative * expected.primal);
    EXPECT_NEAR(s.primal, s.dual_bound, relative * s.primal);
    EXPECT_LE(largest_violation(c.program, s.x), 1.1e-6);
    EXPECT_LT(s.columns, int(c.program.columns.size()) * 3 / 4);
    // Other costs make columns wanted that had left.
    std::vector<double> other = c.costs;
    for (std::size_t j = 0; j < 900; ++j) other[j] *= j % 2 ? 30 : 1;
    const LpSolution second = solver.minimise(other), fresh = LpSolver(c.program, {}).minimise(other);
    EXPECT_NEAR(second.primal, fresh.primal, relative * fresh.primal);
    EXPECT_GT(second.primal, expected.primal);
  }
}

TEST(LinearProgram, ReducedCostsByHand) {
  const LinearProgram p{{{"a", 0, 3}, {"b", 0, 9}},
                        {{"one", {0, 1}, {1, 2}, 1, HUGE_VAL}, {"two", {1}, {4}, -HUGE_VAL, 6}}};
  EXPECT_EQ(reduced_costs(p, {5, 7}, {2, -1}), (std::vector<double>{3, 7}));  // 5 - 2, 7 - 4 + 4
  EXPECT_EQ(reduced_costs(p, {5, 7}, {2, 1}), (std::vector<double>{3, 3}));   // row two has no low side
}

TEST(LinearProgram, SecondObjectiveBeginsAtTheFirst) {
  const RandomProgram c(300, 40, 9);
  LinearProgram p = c.program;
  LpSolver solver(p, {});
  const LpSolution first = solver.minimise(c.costs);
  LpRow keep{"keep", {}, {}, -HUGE_VAL, 1.01 * first.primal};
  for (std::size_t j = 0; j < c.costs.size(); ++j) {
    keep.columns.push_back(int(j));
    keep.values.push_back(c.costs[j]);
  }
  p.rows.push_back(keep);
  std::vector<double> mu(c.costs.size(), 0.0);
  std::fill(mu.begin(), mu.begin() + 40, 1.0);
  const LpSolution second = solver.minimise(mu);
  EXPECT_LE(keep.activity(second.x), keep.high + 1.1e-6);
  EXPECT_NEAR(second.primal, second.dual_bound, relative * second.primal);
  double before = 0;
  for (int j = 0; j < 40; ++j) before += first.x[std::size_t(j)];
  EXPECT_LT(second.primal, before);
}

TEST_F(LinearProgramFile, OtherSolversFindTheSameOptimum) {
  const RandomProgram c(300, 50, 5);
  LinearProgram p = c.program;
  p.rows.push_back({"ranged", {0, 1}, {1, 1}, 0.5, 3});
  p.rows.push_back({"fixed", {2, 3}, {1, -1}, 0.25, 0.25});
  LpSolver solver(p, {});
  const LpSolution s = solver.minimise(c.costs);
  const std::filesystem::path file = folder / "lp.mps";
  std::ofstream(file) << mps_text(p, c.costs, "RANDOM");
  const std::string glpk = output_of("glpsol --freemps " + file.string() + " -o " + (folder / "glpk.txt").string());
  ASSERT_NE(glpk.find("OPTIMAL LP SOLUTION FOUND"), std::string::npos) << glpk;
  const std::string clp = output_of("clp " + file.string() + " -primalsimplex");
  ASSERT_NE(clp.find("Optimal objective"), std::string::npos) << clp;
  EXPECT_NEAR(number_after(clp, "Optimal objective "), s.primal, relative * s.primal);
  std::ifstream in(folder / "glpk.txt");
  const std::string report((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NEAR(number_after(report, "COST = "), s.primal, relative * s.primal) << report.substr(0, 400);
}

}  // namespace
}  // namespace sbrt
