/// The case that the dose benchmarks share: a thorax of 1 x 1 x 2 mm voxels with a lesion in the lung.
#pragma once

#include "dose/plan_fixture.h"

namespace sbrt::bench {

constexpr PatientPoint target{70, 5, 4};

inline const DensityMap& thorax_map() {
  static const DensityMap density = testing::thorax(1.0, 2.0);
  return density;
}

}  // namespace sbrt::bench
