#include "engine/planning/ordered_lp.h"

#include "engine/planning/beam_choice.h"
#include "engine/planning/lp_solver.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sbrt {
namespace {

// What later stages may give up.
constexpr double coverage_slack_pct = 0.05;  // of the prescription, mean over the points
constexpr double goal_slack_pct = 0.1;       // of the limits, summed
constexpr double conformity_slack = 0.02;    // of the optimum
constexpr double homogeneity_slack_pct = 1;  // of the prescription
constexpr double cold_share = 0.9;           // of the prescription: points that the coverage leaves free get this
constexpr double cap_safety = 1.01;          // stated MU limits also hold after the full grid has scaled the weights

struct Built {
  LinearProgram program;
  std::vector<double> coverage, conformity, homogeneity, mu;  // costs
  std::vector<int> goal_column;                               // by term
};

class Builder {
 public:
  explicit Builder(const OrderedProgramme& p) : p_(p), entries_(p.influence.points()) {
    for (std::size_t j = 0; j < p.influence.beams(); ++j) {
      const DoseInfluence::Column c = p.influence.column(j);
      for (std::size_t e = 0; e < c.rows.size(); ++e) {
        entries_[c.rows[e]].columns.push_back(int(j));
        entries_[c.rows[e]].values.push_back(double(c.gy_per_mu[e]));
      }
    }
    guide_gy_ = p.influence.dose(p.guide_mu);
    const double lift = p.penalties.lift(guide_gy_);
    for (double& d : guide_gy_) d *= lift;
  }

  Built build() {
    add_beams();
    for (const PlanningTarget& t : p_.problem.targets) target_columns_.push_back(add_target(t));
    add_points();
    for (std::size_t g = 0; g < p_.terms.size(); ++g) add_goal(g);
    for (std::vector<double>* costs : {&out_.coverage, &out_.conformity, &out_.homogeneity, &out_.mu})
      costs->resize(out_.program.columns.size(), 0.0);
    return std::move(out_);
  }

 private:
  int add_column(char kind, double lower, double upper, bool waits = false) {
    const std::size_t n = out_.program.columns.size();
    out_.program.columns.push_back({fmt::format("{}{}", kind, n), lower, upper, waits});
    return int(n);
  }

  static void set(std::vector<double>& costs, int column, double value) {
    if (costs.size() <= std::size_t(column)) costs.resize(std::size_t(column) + 1, 0.0);
    costs[std::size_t(column)] += value;
  }

  /// Dose of a point (or mean row) + factor * elastic column.
  void add_row(char kind, std::size_t point, int elastic, double factor, double low, double high) {
    LpRow row = entries_[point];
    row.name = fmt::format("{}{}", kind, out_.program.rows.size());
    row.columns.push_back(elastic);
    row.values.push_back(factor);
    row.low = low;
    row.high = high;
    out_.program.rows.push_back(std::move(row));
  }

  void add_beams() {
    const DeliveryLimits& limits = p_.options.limits;
    const double scale = p_.problem.targets.front().prescription.fractions / (limits.caps_stated() ? cap_safety : 1);
    for (std::size_t j = 0; j < p_.beams.size(); ++j)
      set(out_.mu, add_column('x', 0, limits.max_beam_mu * scale, true), 1);
    if (limits.max_node_mu <= 0) return;
    for (const auto& of_node : beams_by_node(p_.beams)) {
      LpRow row{fmt::format("n{}", out_.program.rows.size()), {}, {}, -HUGE_VAL, limits.max_node_mu * scale};
      for (const std::size_t b : of_node) {
        row.columns.push_back(int(b));
        row.values.push_back(1);
      }
      out_.program.rows.push_back(std::move(row));
    }
  }

  /// The target's maximum, at most prescription / isodose.
  int add_target(const PlanningTarget& t) {
    const double rx = t.prescription.dose_gy, isodose = p_.penalties.isodoses()[target_columns_.size()];
    const int column = add_column('t', rx, rx / isodose);
    highest_gy_ = std::max(highest_gy_, rx / isodose);
    if (!t.prescription.isodose_pct) set(out_.homogeneity, column, 100 / rx / double(p_.problem.targets.size()));
    return column;
  }

  void add_points() {
    const auto& points = p_.penalties.points();
    const std::size_t targets = p_.problem.targets.size();
    std::vector<double> volume(targets, 0.0);
    std::vector<int> pieces(targets, 0);
    double shell_weight = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i].role == PointRole::target) {
        volume[points[i].owner] += points[i].volume_mm3;
        pieces[points[i].owner] += points[i].volume_mm3 > 0;
      } else if (points[i].role == PointRole::shell) {
        shell_weight += p_.penalties.rows()[i].high_weight;
      }
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      const DosePoint& p = points[i];
      if (p.role == PointRole::organ) continue;
      const double rx = p_.problem.targets[p.owner].prescription.dose_gy;
      const double highest = rx / p_.penalties.isodoses()[p.owner];
      if (p.role == PointRole::shell) {
        const RowPenalty& wanted = p_.penalties.rows()[i];
        const int over = add_column('o', 0, std::max(0.0, highest - wanted.high_gy));
        add_row('s', i, over, -1, -HUGE_VAL, wanted.high_gy);
        set(out_.conformity, over, 100 * wanted.high_weight / shell_weight / rx);
        continue;
      }
      add_row('m', i, target_columns_[p.owner], -1, -HUGE_VAL, 0);
      if (p.volume_mm3 == 0 && !p.added) continue;  // the surface itself takes no volume
      const bool is_free = p.added || guide_gy_[i] < rx;
      const double low = is_free ? cold_share * rx : rx;
      const double share = p.added ? 1.0 / pieces[p.owner] : p.volume_mm3 / volume[p.owner];
      const int under = add_column('u', 0, low);
      add_row('c', i, under, 1, low, HUGE_VAL);
      set(out_.coverage, under, 100 * share / rx / double(targets));
    }
  }

  void add_goal(std::size_t g) {
    const GoalTerm& term = p_.terms[g];
    const auto& points = p_.penalties.points();
    const double limit = term.dose_gy * p_.goal_scale[g];
    const bool lower = term.kind == GoalTerm::Kind::lower;
    const int missed = add_column('e', 0, lower ? term.dose_gy : std::max(2 * highest_gy_, 2 * term.dose_gy));
    out_.goal_column.push_back(missed);
    if (term.kind == GoalTerm::Kind::mean_upper) {
      std::size_t row = points.size();
      for (std::size_t h = 0; h < g; ++h) row += p_.terms[h].kind == GoalTerm::Kind::mean_upper;
      add_row('g', row, missed, -1, -HUGE_VAL, limit);
      return;
    }
    std::vector<std::size_t> rows;
    std::vector<double> doses, volumes;
    double whole = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i].role != term.role || points[i].owner != term.owner) continue;
      rows.push_back(i);
      doses.push_back(guide_gy_[i]);
      volumes.push_back(points[i].volume_mm3);
      whole += points[i].volume_mm3;
    }
    if (rows.empty()) return;
    const double hot = std::clamp(lower ? whole - term.free_mm3 : term.free_mm3, 0.0, whole);
    const double border = dose_exceeded_by(doses, volumes, hot);
    for (const std::size_t i : rows) {
      if (!lower && (term.free_mm3 <= 0 || guide_gy_[i] <= std::max(border, limit)))
        add_row('g', i, missed, -1, -HUGE_VAL, limit);
      else if (lower && (term.free_mm3 <= 0 || guide_gy_[i] >= std::min(border, limit)))
        add_row('g', i, missed, 1, limit, HUGE_VAL);
    }
  }

  const OrderedProgramme& p_;
  std::vector<LpRow> entries_;
  std::vector<double> guide_gy_;
  std::vector<int> target_columns_;
  double highest_gy_ = 0;
  Built out_;
};

LpRow keep_row(const std::vector<double>& costs, double highest, std::size_t number) {
  LpRow row{fmt::format("k{}", number), {}, {}, -HUGE_VAL, highest};
  for (std::size_t j = 0; j < costs.size(); ++j)
    if (costs[j] != 0) {
      row.columns.push_back(int(j));
      row.values.push_back(costs[j]);
    }
  return row;
}

/// What a missed goal costs: percent of its limit.
double per_gy(const GoalTerm& term) { return 100 / std::max(term.dose_gy, 1e-3); }

}  // namespace

OrderedSolution solve_ordered(const OrderedProgramme& p, OrderedPart part, bool write_mps, Progress& progress) {
  SBRT_EXPECT(p.guide_mu.size() == p.beams.size() && p.influence.beams() == p.beams.size());
  SBRT_EXPECT(p.goal_scale.size() == p.terms.size());
  Built built = Builder(p).build();
  LinearProgram& program = built.program;
  std::vector<double> start(program.columns.size(), 0.0);
  for (std::size_t j = 0; j < start.size(); ++j)
    start[j] = j < p.guide_mu.size()               ? std::min(p.guide_mu[j], program.columns[j].upper)
               : program.columns[j].name[0] == 't' ? program.columns[j].upper
                                                   : 0.0;
  LpSolver solver(program, start, progress);
  OrderedSolution out;
  LpSolution last;
  std::vector<double> costs;
  const auto run = [&](const std::string& name, const std::string& objective, const std::string& unit,
                       const std::vector<double>& of_stage, auto&& slack_of) {
    costs = of_stage;
    last = solver.minimise(costs);
    const double slack = slack_of(last.primal);
    out.stages.push_back({name, objective, unit, last.primal, last.dual_bound, slack, last.rows, last.iterations});
    out.iterations += last.iterations;
    if (name != "mu") program.rows.push_back(keep_row(costs, last.primal + slack, program.rows.size()));
  };
  const auto fixed = [](double slack) { return [slack](double) { return slack; }; };

  run("coverage", "mean under-dose of the targets", "% of the prescription", built.coverage, fixed(coverage_slack_pct));
  const std::size_t rows_of_coverage = program.rows.size();
  std::set<int> priorities;
  for (const GoalTerm& term : p.terms) priorities.insert(term.priority);
  for (const int priority : priorities) {
    std::vector<double> of_goals(program.columns.size(), 0.0);
    for (std::size_t g = 0; g < p.terms.size(); ++g)
      if (p.terms[g].priority == priority) of_goals[std::size_t(built.goal_column[g])] = per_gy(p.terms[g]);
    run(fmt::format("organs-{}", priority), "goals missed, summed", "% of their limits", of_goals,
        fixed(goal_slack_pct));
  }
  std::vector<std::size_t> missed;
  for (std::size_t g = 0; g < p.terms.size(); ++g)
    if (last.x[std::size_t(built.goal_column[g])] * per_gy(p.terms[g]) > 2 * goal_slack_pct) missed.push_back(g);
  if (!missed.empty()) {
    LinearProgram without = program;
    without.rows.resize(rows_of_coverage);
    LpSolver alone(without, last.x, progress);
    for (const std::size_t g : missed) {
      std::vector<double> one(program.columns.size(), 0.0);
      one[std::size_t(built.goal_column[g])] = 1;
      const double bound = std::max(0.0, alone.minimise(one).dual_bound);
      out.missed.push_back({p.terms[g].text, bound, last.x[std::size_t(built.goal_column[g])]});
    }
  }
  if (part != OrderedPart::goals_only)
    run("conformity", "mean dose of the shells above the wanted fall-off", "% of the prescription", built.conformity,
        [](double primal) { return conformity_slack * primal; });
  if (part == OrderedPart::all) {
    if (std::any_of(built.homogeneity.begin(), built.homogeneity.end(), [](double c) { return c != 0; }))
      run("homogeneity", "maximum of the targets", "% of the prescription", built.homogeneity,
          fixed(homogeneity_slack_pct));
    run("mu", "MU of all beams", "MU", built.mu, fixed(0));
    if (write_mps) out.mps = mps_text(program, costs, "SBRTPLAN");
  }
  out.weights_mu.assign(last.x.begin(), last.x.begin() + std::ptrdiff_t(p.beams.size()));
  for (double& mu : out.weights_mu) mu = std::max(0.0, mu);
  out.dose_gy = p.influence.dose(out.weights_mu);
  out.rows = int(program.rows.size());
  return out;
}

}  // namespace sbrt
