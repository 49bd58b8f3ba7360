#include "engine/effective_dose.h"

#include "engine/pipeline.h"
#include "engine/planning/plan_files.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt {
namespace {

constexpr double share_that_counts = 0.1;  // G of nearly nothing is of no interest
constexpr std::int64_t voxels_per_task = 1 << 15;

// What one voxel carries through the fraction (13).
struct VoxelStates {
  std::vector<double> dose, squared, unrepaired;
  explicit VoxelStates(std::size_t voxels) : dose(voxels, 0.0), squared(voxels, 0.0), unrepaired(voxels, 0.0) {}
};

// One beam; the unit of dose does not matter for G. `unrepaired` is kept as s exp(mu t), so that voxels without dose
// need no work while time passes.
void add_beam(VoxelStates& state, const DoseGrid& beam, const BeamTime& time, double repair_per_min) {
  const BeamFactors factors = beam_factors(repair_per_min * time.minutes);
  const double within = factors.within, at_end = factors.at_end;
  const double decay = std::exp(-repair_per_min * time.start_min);
  const double growth = std::exp(repair_per_min * (time.start_min + time.minutes));
  const std::vector<float>& total = beam.values();
  parallel_for_blocks(std::int64_t(total.size()), voxels_per_task, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t v = begin; v < end; ++v) {
      if (!(total[v] > 0)) continue;
      const double d = double(total[v]);
      state.squared[v] += d * d * within + 2 * d * at_end * (state.unrepaired[v] * decay);
      state.unrepaired[v] += d * at_end * growth;
      state.dose[v] += d;
    }
  });
}

std::string node_set_of(const PlanFile& plan) {
  for (const auto& [name, value] : plan.options)
    if (name == "nodes") return value;
  return "";
}

}  // namespace

int fractions_of_beams(const std::filesystem::path& beams_file, int stated) {
  if (stated > 0) return stated;
  const std::string where = beams_file.string(), remedy = "state --fractions";
  if (!is_plan_file(beams_file))
    throw InputError("the number of fractions is not known", where, "BED depends on it", remedy);
  const PlanFile plan = read_plan_file(beams_file);
  const int fractions = plan.targets.front().prescription.fractions;
  for (const PlanFileTarget& t : plan.targets)
    if (t.prescription.fractions != fractions)
      throw InputError("the targets have different numbers of fractions", where,
                       "the beams do not say which fractions they belong to", remedy);
  return fractions;
}

Protractions protraction_factors(const BeamSet& ordered, const std::vector<BeamTime>& times, double half_time_min,
                                 const DensityMap& density, const BeamData& beam_data, const Grid& grid,
                                 const DoseOptions& options, Progress& progress) {
  SBRT_EXPECT(ordered.size() == times.size() && half_time_min >= 1);
  const double repair_per_min = std::numbers::ln2 / half_time_min;
  constexpr double largest_exponent = 600;  // exp(mu t) must stay a number
  if (!times.empty() && repair_per_min * (times.back().start_min + times.back().minutes) > largest_exponent)
    throw InputError("the fraction lasts too many repair half-times", "repair half-time",
                     "nothing of the first beam is left to interact", "correct the half-time or the MU");
  VoxelStates state(grid.count());
  progress.begin("protraction", std::int64_t(ordered.size()));
  for (std::size_t b = 0; b < ordered.size(); ++b) {
    add_beam(state, compute_dose({ordered[b]}, density, beam_data, grid, options).dose, times[b], repair_per_min);
    progress.advance();
  }
  progress.end();
  Protractions result{ProtractionGrid(grid, 1.0f)};
  const auto factor = [&](std::size_t v) { return state.squared[v] / (state.dose[v] * state.dose[v]); };
  const auto hottest = std::max_element(state.dose.begin(), state.dose.end());
  if (*hottest > 0) result.factor_at_maximum = factor(std::size_t(hottest - state.dose.begin()));
  for (std::size_t v = 0; v < grid.count(); ++v) {
    if (!(state.dose[v] > 0)) continue;
    result.factor.values()[v] = float(factor(v));
    if (state.dose[v] >= share_that_counts * *hottest) result.lowest_factor = std::min(result.lowest_factor, factor(v));
  }
  return result;
}

EffectiveDose effective_dose(const ForwardOutcome& forward, const ForwardRequest& request,
                             const std::filesystem::path& beams_file, const EffectiveRequest& wanted,
                             Progress& progress) {
  SBRT_EXPECT(wanted.quantity != DoseQuantity::physical);
  const Tissue& tissue = wanted.tissue;
  SBRT_EXPECT(wanted.fractions >= 1);
  EffectiveDose result{DoseGrid(forward.dose.dose.grid()), "", {}};
  std::string nodes = wanted.nodes;
  if (nodes.empty() && is_plan_file(beams_file)) nodes = node_set_of(read_plan_file(beams_file));
  result.derivation = fmt::format("{} of {} fractions; voxel by voxel by {} [{}]", to_string(wanted.quantity),
                                  wanted.fractions, tissue.survival_description(), tissue.source);
  const auto convert = [&](auto&& bed_of) {
    std::vector<float>& out = result.dose.values();
    const std::vector<float>& physical = forward.dose.dose.values();
    parallel_for_blocks(std::int64_t(out.size()), voxels_per_task, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t v = begin; v < end; ++v) {
        const double bed = bed_of(double(physical[v]), std::size_t(v));
        out[v] = float(wanted.quantity == DoseQuantity::bed ? bed : tissue.equivalent_dose_gy(bed));
      }
    });
  };
  if (tissue.repair) {
    const BeamSet ordered = in_delivery_order(
        request.beams,
        nodes.empty() ? NodeSet{} : turned_to(NodeSet::named_or_file(nodes), forward.input.ct_series.patient_position));
    const std::vector<BeamTime> times = beam_times(ordered, wanted.fractions);
    const Protractions protraction =
        protraction_factors(ordered, times, tissue.repair->half_time_min, forward.patient.density,
                            BeamData::named_or_folder(request.beam_data), forward.dose.dose.grid(),
                            {request.depth, request.path, request.simd}, progress);
    convert([&](double dose, std::size_t v) {
      const double g = double(protraction.factor.values()[v]);
      return dose * (1 + g * dose / wanted.fractions / tissue.alpha_beta_gy);  // (13)
    });
    result.derivation += fmt::format(
        "; repair half-time {} min [{}], {} beams in {}, {:.1f} min from first to last beam: G {:.4f} at the maximum, "
        "lowest {:.4f}",
        tissue.repair->half_time_min, tissue.repair->source, ordered.size(),
        nodes.empty() ? "the order of the file, node by node" : "the path of node set " + nodes,
        times.back().start_min + times.back().minutes, protraction.factor_at_maximum, protraction.lowest_factor);
  } else {
    convert([&](double dose, std::size_t) { return tissue.bed_gy(dose, wanted.fractions); });
  }
  if (tissue.repopulation)
    result.warnings.push_back({"repopulation-not-applied",
                               fmt::format("repopulation ({:.4g} Gy) belongs to the whole treatment and is not taken "
                                           "from the voxels",
                                           tissue.repopulation->loss_gy())});
  return result;
}

}  // namespace sbrt
