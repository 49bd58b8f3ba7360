#include "engine/planning/ordered_lp.h"

#include "engine/planning/beam_choice.h"
#include "geometry/parallel.h"
#include "tests/engine/planning/planning_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

namespace sbrt {
namespace {

// Rows hold within 1e-6 Gy, optima are percentages and MU of the order of 1 to 10 000.
constexpr double relative = 1e-6;

class OrderedLp : public testing::Test {
 protected:
  explicit OrderedLp(double radius_mm = 8) : c(radius_mm) {
    c.options.count = 130;
    c.options.coverage_pct = 98;
  }
  void add_cord(double distance_mm, const std::vector<std::string>& goals) {
    if (c.problem.organs.empty())
      c.problem.organs.push_back(ball_shape("Cord", WaterCase::centre + PatientVec{0, distance_mm, 0}, 4));
    c.problem.goals.clear();
    for (const std::string& goal : goals) c.problem.goals.push_back(Goal::parse(goal));
  }
  /// One programme over all candidates on few points; the guide is the penalty solution.
  OrderedSolution solve(OrderedPart part = OrderedPart::all, bool write_mps = false) {
    Warnings warnings;
    if (beams.empty()) beams = make_candidates(c.problem, c.options, warnings);
    const std::vector<GoalTerm> terms = goal_terms(c.problem, warnings);
    penalties.emplace(c.problem, c.options, make_dose_points(c.problem, {200, 60, 200, 100, 100, 150}, 1), terms);
    influence.emplace(influence_of(beams, c.problem, c.options, *penalties, no_progress));
    PenaltyProblem p;
    p.influence = &*influence;
    p.rows = penalties->rows();
    if (guide.empty()) guide = minimise_penalties(p).weights_mu;
    const std::vector<double> scale(terms.size(), 1.0);
    return solve_ordered({c.problem, c.options, beams, *influence, *penalties, terms, scale, guide}, part, write_mps);
  }
  WaterCase c;
  BeamSet beams;
  std::vector<double> guide;
  std::optional<PlanPenalties> penalties;
  std::optional<DoseInfluence> influence;
};

const LpStage& stage(const OrderedSolution& s, const std::string& name) {
  for (const LpStage& stage : s.stages)
    if (stage.name == name) return stage;
  throw std::runtime_error("no stage " + name);
}

TEST_F(OrderedLp, EveryStageMeetsItsBoundAndKeepsTheOnesBefore) {
  c.problem.targets[0].prescription.isodose_pct.reset();  // so that there is a stage of homogeneity
  c.options.limits.max_node_mu = 1200;
  add_cord(16, {"Cord:Max <= 15 Gy", "Cord:Mean <= 8 Gy"});
  const OrderedSolution s = solve();
  std::vector<std::string> names;
  for (const LpStage& of : s.stages) {
    names.push_back(of.name);
    EXPECT_LE(of.dual_bound, of.primal + relative * std::max(1.0, of.primal)) << of.name;
    EXPECT_NEAR(of.primal, of.dual_bound, relative * std::max(1.0, of.primal)) << of.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"coverage", "organs-1", "conformity", "homogeneity", "mu"}));
  EXPECT_TRUE(s.missed.empty());
  // The result by its own dose: hard maximum, limits, caps, and the MU that the last stage claims.
  double highest = 0, mean = 0, volume = 0, cord = 0, mu = 0, under = 0, whole = 0;
  for (std::size_t i = 0; i < penalties->points().size(); ++i) {
    const DosePoint& p = penalties->points()[i];
    if (p.role != PointRole::organ) highest = std::max(highest, s.dose_gy[i]);
    if (p.role == PointRole::target && p.volume_mm3 > 0) {
      whole += p.volume_mm3;
      under += p.volume_mm3 * std::max(0.0, 0.9 * 45 - s.dose_gy[i]);
    }
    if (p.role != PointRole::organ) continue;
    cord = std::max(cord, s.dose_gy[i]);
    mean += p.volume_mm3 * s.dose_gy[i];
    volume += p.volume_mm3;
  }
  EXPECT_LE(highest, 45 / 0.75 + 1e-4);
  // The slack of the organs is 0.1 % of the limits, summed.
  EXPECT_LE(cord, 15 * 1.001 + 1e-4);
  EXPECT_LE(mean / volume, 8 * 1.001 + 1e-3);  // the mean's row is stored in 16 bits
  EXPECT_LE(100 * under / whole / 45, stage(s, "coverage").primal + stage(s, "coverage").slack + 1e-4);
  std::map<std::string, double> by_node;
  for (std::size_t b = 0; b < beams.size(); ++b) {
    by_node[beams[b].node] += s.weights_mu[b];
    mu += s.weights_mu[b];
    EXPECT_GE(s.weights_mu[b], 0);
    EXPECT_LE(s.weights_mu[b], 500 * 5 * (1 + relative));
  }
  for (const auto& [node, of_node] : by_node) EXPECT_LE(of_node, 1200 * 5 * (1 + relative)) << node;
  EXPECT_NEAR(mu, stage(s, "mu").primal, relative * mu);
}

TEST_F(OrderedLp, AnotherSolverFindsTheOptimumOfTheWrittenFile) {
  add_cord(16, {"Cord:Max <= 15 Gy"});
  const OrderedSolution s = solve(OrderedPart::all, true);
  const auto folder = std::filesystem::temp_directory_path() / ("sbrt-ordered-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "lp.mps") << s.mps;
  const auto run = [](const std::string& command) {
    std::string text;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> part{};
    while (pipe && fgets(part.data(), int(part.size()), pipe)) text += part.data();
    if (pipe) pclose(pipe);
    return text;
  };
  const std::string log =
      run("glpsol --freemps " + (folder / "lp.mps").string() + " -o " + (folder / "out.txt").string());
  std::ifstream in(folder / "out.txt");
  const std::string report((std::istreambuf_iterator<char>(in)), {});
  std::filesystem::remove_all(folder);
  const std::size_t at = report.find("COST = ");
  ASSERT_NE(at, std::string::npos) << log;
  const double other = std::stod(report.substr(at + 7));
  EXPECT_NEAR(other, stage(s, "mu").primal, relative * other);
}

TEST_F(OrderedLp, MoreCandidatesNeverWorseTighterLimitNeverBetter) {
  add_cord(16, {"Cord:Max <= 15 Gy"});
  const double all = stage(solve(), "conformity").primal;
  const BeamSet full = beams;
  const std::vector<double> guide_of_all = guide;
  std::vector<std::size_t> some;
  for (std::size_t b = 0; b < full.size(); ++b)
    if (b % 3 || guide[b] > 0) some.push_back(b);
  ASSERT_LT(some.size(), full.size());
  beams = only(full, some);
  guide = only(guide_of_all, some);
  const OrderedSolution fewer = solve();
  EXPECT_GE(stage(fewer, "coverage").primal, -1e-6);
  EXPECT_GE(stage(fewer, "conformity").primal, all * (1 - 1e-4));  // coverage and organs differ within their slack
  beams = full;
  guide = guide_of_all;
  double before = 0;
  for (const char* goal : {"Cord:Max <= 15 Gy", "Cord:Max <= 10 Gy", "Cord:Max <= 5 Gy"}) {
    add_cord(16, {goal});
    const double now = stage(solve(), "conformity").primal;
    EXPECT_GE(now, before * (1 - relative)) << goal;
    before = now;
  }
}

TEST_F(OrderedLp, GoalAgainstTheCoverageIsBounded) {
  // The organ's ball reaches 2 mm into the target.
  add_cord(10, {"Cord:Max <= 5 Gy"});
  const OrderedSolution s = solve(OrderedPart::goals_only);
  ASSERT_EQ(s.missed.size(), 1u);
  EXPECT_EQ(s.missed[0].goal, "Cord:Max <= 5 Gy");
  EXPECT_GT(s.missed[0].alone_gy, 15);
  EXPECT_NEAR(s.missed[0].alone_gy, s.missed[0].together_gy, 1e-5 * s.missed[0].alone_gy);
  // On the same points a limit that is 1 Gy lower is missed by 1 Gy more.
  add_cord(10, {"Cord:Max <= 4 Gy"});
  EXPECT_NEAR(solve(OrderedPart::goals_only).missed.at(0).alone_gy, s.missed[0].alone_gy + 1,
              1e-5 * s.missed[0].alone_gy);
}

TEST_F(OrderedLp, FirstPriorityIsServedFirst) {
  // Outside the target: the same ball must have at least 20 Gy and at most 12 Gy.
  for (const int of_lower : {1, 2}) {
    add_cord(18, {"Cord:Min >= 20 Gy", "Cord:Max <= 12 Gy"});
    c.problem.goals[0].priority = of_lower;
    c.problem.goals[1].priority = 3 - of_lower;
    const OrderedSolution s = solve(OrderedPart::goals_only);
    ASSERT_EQ(s.missed.size(), 1u);
    EXPECT_EQ(s.missed[0].goal, c.problem.goals[of_lower == 1 ? 1 : 0].text);
    EXPECT_GE(s.missed[0].together_gy, 8 - 0.05);  // 20 - 12, less the slack of 0.1 % of the limits
  }
}

TEST_F(OrderedLp, PlanKeepsLimitsAndTheSameBytesForAnyThreadCount) {
  c.options.solver = SolverChoice::ordered_lp;
  c.options.count = 113;
  c.options.limits.max_beams = 25;
  c.options.limits.max_nodes = 20;
  c.options.limits.max_node_mu = 1500;
  Warnings warnings;
  const BeamSet candidates = make_candidates(c.problem, c.options, warnings);
  const int before = thread_count();
  std::vector<PlanningResult> results;
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    results.push_back(optimise(c.problem, c.options, candidates));
  }
  set_thread_count(before);
  EXPECT_EQ(results[0].beams, results[1].beams);
  const PlanningResult& r = results[0];
  ASSERT_TRUE(r.solver);
  EXPECT_LE(r.beams.size(), 25u);
  std::map<std::string, double> by_node;
  for (const Beam& b : r.beams) {
    EXPECT_GE(b.weight_mu, 5 * 5 * 0.999);
    by_node[b.node] += b.weight_mu;
  }
  EXPECT_LE(by_node.size(), 20u);
  for (const auto& [node, mu] : by_node) EXPECT_LE(mu, 1500 * 5) << node;
  for (const LpStage& of : r.solver->all_candidates) EXPECT_LE(of.gap(), of.primal < 1e-3 ? HUGE_VAL : relative);
  for (const LpStage& of : r.solver->plan) EXPECT_LE(of.gap(), of.primal < 1e-3 ? HUGE_VAL : relative);
}

}  // namespace
}  // namespace sbrt
