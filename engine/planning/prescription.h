#pragma once

#include <optional>
#include <string>

namespace sbrt {

/// Total dose, number of fractions and, where wanted, the prescription isodose in percent of the maximum.
struct Prescription {
  double dose_gy = 0;  //!< total over all fractions [Gy]
  int fractions = 1;
  std::optional<double> isodose_pct;

  /// Reads "45Gy/5fx@75%" ("@75%" optional). @throws InputError showing the grammar
  static Prescription parse(const std::string& text);
  std::string to_string() const;
  double dose_per_fraction_gy() const { return dose_gy / fractions; }
  bool operator==(const Prescription&) const = default;
};

}  // namespace sbrt
