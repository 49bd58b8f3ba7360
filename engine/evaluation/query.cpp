#include "engine/evaluation/query.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace sbrt {
namespace {

constexpr const char* grammar =
    "write STRUCTURE:METRIC, where METRIC is D95%, D0.03cc, V20Gy[%], V12Gy[cc], CV18Gy[cc], Min, Mean, Max, "
    "gEUD(a=8), BED(D95%), EQD2(D0.03cc,ab=3), NTCP, NTCP(td50=24.5,m=0.18,n=0.87), TCP or TCP(d50=60,gamma50=2); a "
    "goal "
    "adds <= or >= with a value and a unit, like Cord:D0.03cc <= 21.9 Gy";
constexpr std::size_t longest_text = 256;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

// Reads forward over one text and knows where it is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool accept(std::string_view word) {
    skip_spaces();
    if (text_.size() - at_ < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
      if (std::tolower(static_cast<unsigned char>(text_[at_ + i])) != std::tolower(static_cast<unsigned char>(word[i])))
        return false;
    at_ += word.size();
    return true;
  }
  void expect(std::string_view word) {
    if (!accept(word)) fail(fmt::format("'{}' is expected", word));
  }
  double number() {
    skip_spaces();
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, status] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (status != std::errc{} || !std::isfinite(value)) fail("a number is expected");
    at_ += std::size_t(end - begin);
    return value;
  }
  bool at_end() {
    skip_spaces();
    return at_ == text_.size();
  }
  [[noreturn]] void fail(const std::string& why) {
    skip_spaces();
    throw InputError(fmt::format("'{}' cannot be read", text_), fmt::format("character {}", at_ + 1), why, grammar);
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

struct ReadUnit {
  Metric::Unit unit;
  double factor;  // to the native unit
};

std::optional<ReadUnit> read_dose_unit(Scanner& scan) {
  if (scan.accept("cGy")) return ReadUnit{Metric::Unit::gy, 0.01};
  if (scan.accept("Gy")) return ReadUnit{Metric::Unit::gy, 1};
  if (scan.accept("%")) return ReadUnit{Metric::Unit::percent, 1};
  return std::nullopt;
}

std::optional<ReadUnit> read_volume_unit(Scanner& scan) {
  if (scan.accept("%")) return ReadUnit{Metric::Unit::percent, 1};
  if (scan.accept("cc") || scan.accept("cm3")) return ReadUnit{Metric::Unit::cc, 1};
  if (scan.accept("mm3")) return ReadUnit{Metric::Unit::cc, 1e-3};
  return std::nullopt;
}

// A result is always in Gy, % or cc: a converted bracket would make the key of the report lie about its value.
Metric::Unit native(const ReadUnit& unit, Scanner& scan) {
  if (unit.factor != 1) scan.fail("a result is given in Gy, % or cc");
  return unit.unit;
}

// Unit in brackets behind a dose metric; Gy unless the goal decides.
Metric::Unit read_dose_result(Scanner& scan, std::optional<Metric::Unit> unit_of_goal) {
  if (scan.accept("[")) {
    const auto unit = read_dose_unit(scan);
    if (!unit) scan.fail("[Gy] or [%] is expected");
    scan.expect("]");
    return native(*unit, scan);
  }
  if (unit_of_goal == Metric::Unit::cc) scan.fail("a dose is given in Gy or %");
  return unit_of_goal.value_or(Metric::Unit::gy);
}

// Unit in brackets behind a volume metric; without it the goal must decide.
Metric::Unit read_volume_result(Scanner& scan, std::optional<Metric::Unit> unit_of_goal) {
  if (scan.accept("[")) {
    const auto unit = read_volume_unit(scan);
    if (!unit) scan.fail("[%] or [cc] is expected");
    scan.expect("]");
    return native(*unit, scan);
  }
  if (unit_of_goal == Metric::Unit::gy) scan.fail("a volume is given in % or cc");
  if (!unit_of_goal) scan.fail("say whether the volume is wanted in [%] or [cc]");
  return *unit_of_goal;
}

void read_dose_at_volume(Scanner& scan, Metric& m) {
  m.kind = Metric::Kind::dose_at_volume;
  const double number = scan.number();
  const auto unit = read_volume_unit(scan);
  if (!unit) scan.fail("%, cc or mm3 is expected");
  m.argument = number * unit->factor;
  m.argument_unit = unit->unit;
  if (m.argument < 0 || (m.argument_unit == Metric::Unit::percent && m.argument > 100))
    scan.fail("the volume must lie between nothing and the whole structure");
}

void read_volume_at_dose(Scanner& scan, Metric& m, Metric::Kind kind) {
  m.kind = kind;
  const double number = scan.number();
  const auto unit = read_dose_unit(scan);
  if (!unit) scan.fail("Gy, cGy or % is expected");
  m.argument = number * unit->factor;
  m.argument_unit = unit->unit;
  if (m.argument < 0) scan.fail("a dose is not negative");
}

void read_geud(Scanner& scan, Metric& m) {
  m.kind = Metric::Kind::geud;
  scan.expect("(");
  const bool as_n = scan.accept("n");
  if (!as_n) scan.expect("a");
  scan.expect("=");
  const double value = scan.number();
  if (value == 0) scan.fail("the parameter must not be 0");
  m.argument = as_n ? 1 / value : value;
  scan.expect(")");
}

// "(td50=24.5, m=0.18, as-is)": numbers by key, all positive.
class ResponseArguments {
 public:
  ResponseArguments(Scanner& scan, std::initializer_list<std::string_view> keys) : scan_(scan) {
    do {
      if (scan.accept("as-is")) {
        as_is_ = true;
        continue;
      }
      const auto key = std::find_if(keys.begin(), keys.end(), [&](std::string_view k) { return scan.accept(k); });
      if (key == keys.end()) scan.fail("a parameter is expected");
      scan.expect("=");
      const double value = scan.number();
      if (!(value > 0)) scan.fail("the parameter must be positive");
      if (!values_.emplace(*key, value).second) scan.fail(fmt::format("'{}' is given twice", *key));
    } while (scan.accept(","));
    scan.expect(")");
    if (as_is_ && has("fx")) scan.fail("either fx= or as-is");
  }
  bool has(std::string_view key) const { return values_.count(key) > 0; }
  double at(std::string_view key) const {
    if (!has(key)) scan_.fail(fmt::format("'{}=' is missing", key));
    return values_.find(key)->second;
  }
  ResponseDose dose() const {
    ResponseDose dose;
    if (has("fx")) dose.fraction_gy = at("fx");
    if (as_is_) dose.fraction_gy.reset();
    return dose;
  }

 private:
  Scanner& scan_;
  std::map<std::string, double, std::less<>> values_;
  bool as_is_ = false;
};

constexpr const char* stated_in_query = "stated in the query";

void read_response(Scanner& scan, Metric& m, Metric::Kind kind) {
  m.kind = kind;
  m.result_unit = Metric::Unit::percent;
  if (!scan.accept("(")) return;
  if (kind == Metric::Kind::ntcp) {
    const ResponseArguments given(scan, {"td50", "m", "n", "fx", "ab"});
    m.ntcp = NtcpModel{{given.at("td50"), given.at("m"), given.at("n"), stated_in_query}, given.dose(), ""};
    if (given.has("ab")) m.alpha_beta_gy = given.at("ab");
    return;
  }
  const ResponseArguments given(scan, {"d50", "gamma50", "rho", "alpha", "fx", "ab"});
  if (given.has("rho") || given.has("alpha")) {
    if (given.has("d50") || given.has("gamma50") || given.has("fx")) scan.fail("rho and alpha stand alone");
    m.tcp = TcpModel{ClonogenParameters{given.at("rho"), given.at("alpha"), stated_in_query}, given.dose()};
  } else {
    m.tcp = TcpModel{PoissonParameters{given.at("d50"), given.at("gamma50"), stated_in_query}, given.dose()};
  }
  if (given.has("ab")) m.alpha_beta_gy = given.at("ab");
}

Metric read_metric(Scanner& scan, std::optional<Metric::Unit> unit_of_goal) {
  Metric m;
  if (scan.accept("CV")) {
    read_volume_at_dose(scan, m, Metric::Kind::cold_volume_at_dose);
  } else if (scan.accept("V")) {
    read_volume_at_dose(scan, m, Metric::Kind::volume_at_dose);
  } else if (scan.accept("D")) {
    read_dose_at_volume(scan, m);
  } else if (scan.accept("gEUD")) {
    read_geud(scan, m);
  } else if (scan.accept("Min")) {
    m.kind = Metric::Kind::minimum;
  } else if (scan.accept("Mean")) {
    m.kind = Metric::Kind::mean;
  } else if (scan.accept("Max")) {
    m.kind = Metric::Kind::maximum;
  } else {
    scan.fail("no metric begins like this");
  }
  const bool is_volume = m.kind == Metric::Kind::volume_at_dose || m.kind == Metric::Kind::cold_volume_at_dose;
  m.result_unit = is_volume ? read_volume_result(scan, unit_of_goal) : read_dose_result(scan, unit_of_goal);
  return m;
}

Metric parse_metric(std::string_view text, std::optional<Metric::Unit> unit_of_goal) {
  text = trim(text);
  if (text.size() > longest_text)
    throw InputError("a metric is too long", "", fmt::format("the limit is {} characters", longest_text), grammar);
  Scanner scan(text);
  for (const auto& [word, kind] : {std::pair{"NTCP", Metric::Kind::ntcp}, std::pair{"TCP", Metric::Kind::tcp}}) {
    if (!scan.accept(word)) continue;
    Metric m;
    read_response(scan, m, kind);
    if (!scan.at_end()) scan.fail("nothing more is expected");
    m.text = std::string(text);
    return m;
  }
  const Metric::Scale scale = scan.accept("BED")    ? Metric::Scale::bed
                              : scan.accept("EQD2") ? Metric::Scale::eqd2
                                                    : Metric::Scale::physical;
  if (scale != Metric::Scale::physical) scan.expect("(");
  Metric m = read_metric(scan, unit_of_goal);
  if (scale != Metric::Scale::physical) {
    if (scan.accept(",")) {
      scan.expect("ab");
      scan.expect("=");
      m.alpha_beta_gy = scan.number();
      if (!(*m.alpha_beta_gy > 0)) scan.fail("alpha/beta must be positive");
    }
    scan.expect(")");
  }
  if (!scan.at_end()) scan.fail("nothing more is expected");
  m.scale = scale;
  m.text = std::string(text);
  return m;
}

StructureQuery parse_query(std::string_view text, std::optional<Metric::Unit> unit_of_goal) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    throw InputError(fmt::format("'{}' cannot be read", trim(text)), "", "no ':' separates structure and metric",
                     grammar);
  StructureQuery query{std::string(trim(text.substr(0, colon))), parse_metric(text.substr(colon + 1), unit_of_goal)};
  if (query.structure.empty())
    throw InputError(fmt::format("'{}' cannot be read", trim(text)), "", "the structure has no name", grammar);
  return query;
}

}  // namespace

std::string to_string(Metric::Unit unit) {
  return unit == Metric::Unit::gy ? "Gy" : unit == Metric::Unit::percent ? "%" : "cc";
}

Metric Metric::parse(const std::string& text) { return parse_metric(text, std::nullopt); }

bool Metric::needs_prescription() const {
  if (is_response()) return false;
  const bool is_dose = kind != Kind::volume_at_dose && kind != Kind::cold_volume_at_dose;
  return (is_dose ? result_unit : argument_unit) == Unit::percent;
}

StructureQuery StructureQuery::parse(const std::string& text) { return parse_query(text, std::nullopt); }

Goal Goal::parse(const std::string& text) {
  const std::size_t at = std::max(text.rfind("<=") + 1, text.rfind(">=") + 1);  // npos + 1 = 0
  if (at == 0)
    throw InputError(fmt::format("goal '{}' cannot be read", trim(text)), "", "neither '<=' nor '>=' was found",
                     grammar);
  Goal goal;
  goal.relation = text[at - 1] == '<' ? Relation::at_most : Relation::at_least;
  goal.text = std::string(trim(text));
  const std::string_view limit_text = trim(std::string_view(text).substr(at + 1));
  Scanner scan(limit_text);
  const double number = scan.number();
  std::optional<ReadUnit> unit = read_dose_unit(scan);
  if (!unit) unit = read_volume_unit(scan);
  if (!unit) scan.fail("a unit is expected: Gy, cGy, %, cc or mm3");
  if (!scan.at_end()) scan.fail("nothing more is expected");
  goal.limit = number * unit->factor;
  goal.unit = unit->unit;
  goal.query = parse_query(std::string_view(text).substr(0, at - 1), goal.unit);
  if (goal.query.metric.result_unit != goal.unit)
    throw InputError(fmt::format("goal '{}' cannot be read", goal.text), "",
                     fmt::format("the metric is in {} but the limit in {}", to_string(goal.query.metric.result_unit),
                                 to_string(goal.unit)),
                     "use one unit on both sides");
  return goal;
}

}  // namespace sbrt
