/// Two families of failure.
///
/// InputError: the user's data or request is wrong. Always checked; the message names what, where, why and what to do.
/// ContractViolation: this program is wrong. Raised by SBRT_EXPECT / SBRT_ENSURE, which stay on in Release.
#pragma once

#include <stdexcept>
#include <string>

namespace sbrt {

/// Bad input (exit code 3). what() reads "problem (where) - why - remedy"; empty parts are left out.
class InputError : public std::runtime_error {
 public:
  /// @param problem what is wrong, in one clause
  /// @param where   file, structure, option or place inside them
  /// @param why     why it cannot be used
  /// @param remedy  what the user can do
  InputError(std::string problem, std::string where, std::string why, std::string remedy);

  const std::string& problem() const { return problem_; }
  const std::string& where() const { return where_; }
  const std::string& why() const { return why_; }
  const std::string& remedy() const { return remedy_; }

 private:
  std::string problem_, where_, why_, remedy_;
};

/// The user asked to stop (Ctrl-C). Raised from Progress::advance so that no output is left half-written.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled by the user") {}
};

/// A broken promise between parts of this program (exit code 4).
class ContractViolation : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void throw_contract_violation(const char* kind, const char* condition, const char* file, int line);

}  // namespace sbrt

#define SBRT_EXPECT(condition) \
  ((condition) ? void(0) : ::sbrt::throw_contract_violation("precondition", #condition, __FILE__, __LINE__))
#define SBRT_ENSURE(condition) \
  ((condition) ? void(0) : ::sbrt::throw_contract_violation("postcondition", #condition, __FILE__, __LINE__))
