#include "geometry/error.h"

#include <utility>

namespace sbrt {
namespace {

std::string join_message(const std::string& problem, const std::string& where, const std::string& why,
                         const std::string& remedy) {
  std::string text = problem;
  if (!where.empty()) text += " (" + where + ")";
  if (!why.empty()) text += " - " + why;
  if (!remedy.empty()) text += " - " + remedy;
  return text;
}

}  // namespace

InputError::InputError(std::string problem, std::string where, std::string why, std::string remedy)
    : std::runtime_error(join_message(problem, where, why, remedy)),
      problem_(std::move(problem)),
      where_(std::move(where)),
      why_(std::move(why)),
      remedy_(std::move(remedy)) {}

void throw_contract_violation(const char* kind, const char* condition, const char* file, int line) {
  throw ContractViolation(std::string("internal error: ") + kind + " '" + condition + "' broken at " + file + ":" +
                          std::to_string(line) + " - please report this");
}

}  // namespace sbrt
