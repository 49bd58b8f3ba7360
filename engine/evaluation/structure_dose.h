/// The dose in one structure: sampling step, histogram, queries.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/evaluation/hot_spot.h"

#include <vector>

namespace sbrt {

inline constexpr double wanted_of_targets = 0.5;  //!< of the wanted interval: the indices multiply these numbers

/// Step that makes the sampling noise of volumes (Dvh::volume_noise_mm3) `wanted_pct` of the structure; at least 0.05
/// mm.
double sampling_step_mm(double volume_mm3, double wanted_pct);

SampledStructure sample_dose(const Shape& shape, const DoseInterpolator& dose, double step_mm);
/// Pieces twice as long, drawn eight times. The point of each is that of one of the fine pieces in it, drawn by their
/// volumes, so again as likely to lie anywhere in it; the draws together take each fine piece by its share.
/// @pre `fine` as sample_dose() gives it
std::vector<SampledStructure> twice_as_coarse(const SampledStructure& fine);

/// Name, role, volume and its interval of a structure; nothing of a dose.
StructureResult volume_result(const NamedShape& structure);

/// A structure in fine pieces and in draws of pieces twice as long, which tell the sampling error.
struct SampledTwice {
  SampledStructure fine;
  std::vector<SampledStructure> coarse;
};

/// Samples the structure, its hot spot and the pieces that asked isodoses pass (Refiner) finer and finer until the
/// sampling part of every metric's interval is as small as wanted (at most 3 million pieces, then the warning
/// "interval-not-reached"), and fills the result; needs name, role, volumes and reference.
/// @param metrics without duplicates; they become queries  @param judged further metrics that the step must serve
SampledTwice fill_structure_result(const Shape& shape, const DoseInterpolator& dose, const std::vector<Metric>& metrics,
                                   const std::vector<Metric>& judged, const WantedInterval& wanted, double dvh_bin_gy,
                                   StructureResult& result, Warnings& warnings);

/// The default list and the user's queries on this structure.
std::vector<Metric> metrics_for(const std::string& structure, const Prescription* own_prescription,
                                const std::vector<StructureQuery>& queries);

/// Value with half the root mean square of the changes that pieces twice as long make, but no less than the noise of a
/// surface cut through n pieces. The scatter of such pieces is four times that of the fine ones: the interval is about
/// twice the standard deviation.
Measured with_sampling_error(double fine, const std::vector<double>& coarse, double noise);

}  // namespace sbrt
