/// The last step of normalisation_factor() (planner.h), on its own.
#pragma once

#include <functional>

namespace sbrt {

/// Factor at which a dose needs no further one. What is missing may jump, because the evaluation takes other samples of
/// another dose: where two sets of samples take turns, the smallest factor looked at that is enough by its own samples.
/// Five looks at most; if none of them settles or is enough, what the last one told.
/// @param missing_at factor -> further factor that the dose needs there; 1: none, below 1: it has more than enough
double settled_factor(double first, const std::function<double(double)>& missing_at);

}  // namespace sbrt
