#include "dose/beam_data.h"

#include "dose/beam_tables.h"
#include "geometry/error.h"

#include <fmt/format.h>

namespace sbrt {

const std::string& BeamData::name() const { return tables_->name; }
const std::string& BeamData::version() const { return tables_->version; }
const std::string& BeamData::sha256() const { return tables_->sha256; }
const std::string& BeamData::source() const { return tables_->source; }
const std::string& BeamData::collimator_kind() const { return tables_->collimator_kind; }
bool BeamData::clinical() const { return tables_->clinical; }
const std::vector<double>& BeamData::collimators_mm() const { return tables_->collimators_mm; }
double BeamData::gy_per_mu() const { return tables_->gy_per_mu; }
double BeamData::reference_distance_mm() const { return tables_->reference_distance_mm; }

void BeamData::require_collimator(double collimator_mm) const {
  if (tables_->find(collimator_mm) < tables_->collimators_mm.size()) return;
  std::string all;
  for (const double c : tables_->collimators_mm) all += fmt::format("{}{}", all.empty() ? "" : ", ", c);
  throw InputError(fmt::format("no collimator of {} mm", collimator_mm), "beam data set " + tables_->name,
                   "it has " + all + " mm", "choose one of these collimators");
}

double BeamData::output_factor(double collimator_mm, double distance_mm) const {
  require_collimator(collimator_mm);
  const Table1d& table = tables_->output_factor[tables_->find(collimator_mm)];
  return table.at(locate(table.axis, distance_mm));
}

double BeamData::tissue_phantom_ratio(double field_mm, double depth_mm) const {
  return tables_->tpr.at(locate(tables_->tpr.rows, field_mm), locate(tables_->tpr.columns, depth_mm));
}

double BeamData::off_axis_ratio(double collimator_mm, double radius_800_mm, double depth_mm) const {
  require_collimator(collimator_mm);
  const Table2d& table = tables_->ocr[tables_->find(collimator_mm)];
  if (radius_800_mm > table.columns.back()) return 0;
  return table.at(locate(table.rows, depth_mm), locate(table.columns, radius_800_mm));
}

double BeamData::largest_radius_mm(double collimator_mm) const {
  require_collimator(collimator_mm);
  return tables_->ocr[tables_->find(collimator_mm)].columns.back();
}

}  // namespace sbrt
