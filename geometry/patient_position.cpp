#include "geometry/patient_position.h"

#include "geometry/error.h"

#include <cmath>
#include <map>
#include <numbers>
#include <utility>

namespace sbrt {
namespace {

constexpr double degree = std::numbers::pi / 180;

double within_circle(double angle_deg) {
  const double turned = angle_deg < 0 ? angle_deg + 360 : angle_deg;
  return turned >= 360 ? 0 : turned;
}

}  // namespace

Axes room_axes(const std::string& patient_position) {
  static const std::map<std::string, std::pair<PatientVec, PatientVec>> table{
      {"HFS", {{1, 0, 0}, {0, 1, 0}}},  {"HFP", {{-1, 0, 0}, {0, -1, 0}}}, {"FFS", {{-1, 0, 0}, {0, 1, 0}}},
      {"FFP", {{1, 0, 0}, {0, -1, 0}}}, {"HFDL", {{0, -1, 0}, {1, 0, 0}}}, {"HFDR", {{0, 1, 0}, {-1, 0, 0}}},
      {"FFDL", {{0, 1, 0}, {1, 0, 0}}}, {"FFDR", {{0, -1, 0}, {-1, 0, 0}}}};
  const auto entry = table.find(patient_position);
  if (entry == table.end())
    throw InputError(patient_position.empty() ? "the CT does not say how the patient lies"
                                              : "unknown patient position '" + patient_position + "'",
                     "Patient Position (0018,5100)", "it decides where the robot can stand",
                     "give --patient-position HFS, HFP, FFS, FFP, HFDL, HFDR, FFDL or FFDR");
  const auto& [x, y] = entry->second;
  return {x, y, cross(x, y)};
}

PatientVec direction_to_source(const BeamAngles& angles, const Axes& room) {
  const double gantry = angles.gantry_deg * degree, support = angles.patient_support_deg * degree;
  return std::sin(gantry) * std::cos(support) * room.i - std::cos(gantry) * room.j -
         std::sin(gantry) * std::sin(support) * room.k;
}

BeamAngles angles_to_source(const PatientVec& to_source, const Axes& room) {
  const PatientVec u = Direction<Patient>(to_source);
  const double x = dot(u, room.i), y = dot(u, room.j), z = dot(u, room.k);
  const double across = std::hypot(x, z);  // |sin gantry|
  const double from_above_deg = std::atan2(across, -y) / degree;
  if (across == 0) return {from_above_deg, 0};
  if (x >= 0) return {from_above_deg, within_circle(std::atan2(-z, x) / degree)};
  return {within_circle(360 - from_above_deg), within_circle(std::atan2(z, -x) / degree)};
}

}  // namespace sbrt
