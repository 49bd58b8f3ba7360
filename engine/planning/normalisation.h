/// The last steps of normalisation_factor() (planner.h) and what follows it.
#pragma once

#include "engine/evaluation/evaluate.h"

#include <functional>

namespace sbrt {

/// Factor at which a dose needs no further one. What is missing may jump, because the evaluation takes other samples of
/// another dose: where two sets of samples take turns, the smallest factor looked at that is enough by its own samples.
/// Five looks at most; if none of them settles or is enough, what the last one told.
/// @param missing_at factor -> further factor that the dose needs there; 1: none, below 1: it has more than enough
double settled_factor(double first, const std::function<double(double)>& missing_at);

/// Factor that the dose of a plan still needs by the plan's own evaluation, which may have taken other samples than the
/// normalisation did. 1 where every target is covered as asked; also where the cause is another one, such as a part
/// outside the body: what samples differ by is far below 0.2 % of the dose.
double factor_still_missing(const Evaluation& evaluation, double coverage_pct);

}  // namespace sbrt
