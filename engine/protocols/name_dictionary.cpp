#include "engine/protocols/name_dictionary.h"

#include "engine/json.h"
#include "engine/protocols/shipped.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace sbrt {
namespace {

constexpr std::string_view names_schema = "sbrtplan-names/1";
constexpr std::string_view separators = " _-.,:;/'\"()[]\t";

// One word of a name: "prv" of "SpinalCord_PRV05", "opt" of "Cord_opt".
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  char before = ' ';
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c), b = static_cast<unsigned char>(before);
    const bool starts = !std::isalpha(b) || (std::islower(b) && std::isupper(u));
    if (std::isalpha(u)) {
      if (starts || words.empty()) words.emplace_back();
      words.back() += char(std::tolower(u));
    }
    before = c;
  }
  return words;
}

// "Cord+5", "Heart + 3mm"; "Lungs L+R" is a sum.
bool is_expanded(const std::string& name) {
  for (std::size_t at = name.find('+'); at != std::string::npos; at = name.find('+', at + 1)) {
    const std::size_t next = name.find_first_not_of(' ', at + 1);
    if (next != std::string::npos && std::isdigit(static_cast<unsigned char>(name[next]))) return true;
  }
  return false;
}

struct Entry {
  Organ organ;
  std::vector<std::string> synonyms;
  JsonReader place;
};

struct NameFile {
  std::string name;
  std::vector<Entry> entries;
  std::vector<std::string> left, right;
};

std::vector<std::string> texts(const JsonReader& list) {
  std::vector<std::string> all;
  for (const JsonReader& item : list.items()) {
    all.push_back(item.text());
    if (normalised_name(all.back()).empty()) throw item.error("a name is empty", "", "write a name");
  }
  return all;
}

void check_synonyms(const Entry& entry) {
  for (const std::string& synonym : entry.synonyms)
    if (looks_derived(synonym) && !looks_derived(entry.organ.name))
      throw entry.place.error(fmt::format("'{}' cannot be a synonym of '{}'", synonym, entry.organ.name),
                              "the name marks a structure derived from the organ or a target, not the organ",
                              "remove it; --match assigns a structure for one run");
}

NameFile read_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema(names_schema);
  NameFile file;
  file.name = json.at("name").text();
  json.at("source").text();
  std::string standard;
  if (const auto v = json.find("standard")) standard = v->text();
  if (const auto words = json.find("side_words")) {
    file.left = texts(words->at("left"));
    file.right = texts(words->at("right"));
  }
  for (const JsonReader& item : json.at("organs").items()) {
    Entry entry{{item.at("name").text(), standard, {}, {}}, {}, item};
    if (normalised_name(entry.organ.name).empty()) throw item.error("an organ has no name", "", "write one");
    if (const auto v = item.find("own"); v && v->boolean()) entry.organ.standard.clear();
    if (const auto v = item.find("synonyms")) entry.synonyms = texts(*v);
    if (const auto v = item.find("union_of")) entry.organ.union_of = texts(*v);
    check_synonyms(entry);
    const auto lateral = item.find("lateral");
    const bool has_sides = lateral && lateral->boolean();
    if (has_sides) entry.organ.sides = {entry.organ.name + "_L", entry.organ.name + "_R"};
    if (const auto both = item.find("both")) {
      if (!has_sides) throw both->error("an organ without sides has no pair", "", "add \"lateral\": true");
      Entry pair{{both->at("name").text(), standard, entry.organ.sides, {}}, {}, *both};
      if (const auto v = both->find("own"); v && v->boolean()) pair.organ.standard.clear();
      if (const auto v = both->find("synonyms")) pair.synonyms = texts(*v);
      check_synonyms(pair);
      if (pair.organ.name == entry.organ.name) entry.organ.union_of = entry.organ.sides;
      file.entries.push_back(std::move(pair));
    }
    file.entries.push_back(std::move(entry));
  }
  json.expect_all_used();
  return file;
}

// Names of one file; within it a name means one organ.
class Keys {
 public:
  explicit Keys(std::map<std::string, NamedOrgan>& all) : all_(all) {}
  void add(const std::string& text, const std::string& organ, const std::string& rule, const JsonReader& place) {
    const std::string key = normalised_name(text);
    const auto [at, is_new] = mine_.emplace(key, organ);
    if (!is_new && at->second != organ)
      throw place.error(fmt::format("'{}' means both '{}' and '{}'", text, at->second, organ),
                        "a name must mean one organ", "remove it from one of them");
    if (is_new) all_[key] = {organ, rule};
  }

 private:
  std::map<std::string, NamedOrgan>& all_;
  std::map<std::string, std::string> mine_;
};

}  // namespace

std::string normalised_name(const std::string& name) {
  std::string out;
  const std::size_t first = name.find_first_not_of(" \t");
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool leading_underscore = c == '_' && i == first;
    if (separators.find(c) != std::string_view::npos && !leading_underscore) continue;
    out += char(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

bool looks_derived(const std::string& name) {
  static const std::set<std::string> marks{"prv",       "ptv",   "gtv",  "ctv",    "itv",   "igtv",    "ring", "avoid",
                                           "avoidance", "optim", "help", "helper", "dummy", "dose",    "iso",  "shell",
                                           "margin",    "minus", "crop", "hot",    "cold",  "overlap", "temp", "plan"};
  const std::vector<std::string> words = words_of(name);
  // "Opt" may begin an optic nerve.
  const bool ends_opt = words.size() > 1 && std::find(words.begin() + 1, words.end(), "opt") != words.end();
  return ends_opt || std::any_of(words.begin(), words.end(), [&](const std::string& w) { return marks.contains(w); }) ||
         name.find_first_of("~^") != std::string::npos || name.starts_with('_') || name.starts_with("z_") ||
         is_expanded(name);
}

NameDictionary::NameDictionary(const std::vector<std::filesystem::path>& paths) : files_(paths) {
  std::vector<NameFile> files;
  std::array<std::vector<std::string>, 2> side_words;
  for (const auto& path : paths) {
    files.push_back(read_file(path));
    side_words[0].insert(side_words[0].end(), files.back().left.begin(), files.back().left.end());
    side_words[1].insert(side_words[1].end(), files.back().right.begin(), files.back().right.end());
  }
  std::vector<std::vector<const Entry*>> defined(files.size());
  for (NameFile& file : files)
    for (Entry& entry : file.entries) {
      const auto [at, is_new] = organs_.emplace(entry.organ.name, entry.organ);
      if (is_new) continue;
      // The pair of an organ may bear the organ's own name; a later file adds synonyms to what is there.
      const bool pair = at->second.union_of == entry.organ.sides && !entry.organ.sides.empty();
      if (pair) at->second.sides.clear();
      const Organ& known = at->second;
      const bool says_more = (!entry.organ.union_of.empty() && entry.organ.union_of != known.union_of) ||
                             (!entry.organ.sides.empty() && entry.organ.sides != known.sides && !pair);
      if (says_more)
        throw entry.place.error(fmt::format("organ '{}' is defined twice", entry.organ.name),
                                "the other definition differs", "give only synonyms here, or another name");
      if (entry.organ.sides.empty() && !pair) entry.organ.sides = known.sides;
    }
  const std::vector<std::string> suffix{"_L", "_R"};
  for (const NameFile& file : files) {
    Keys keys(by_key_);
    for (const Entry& entry : file.entries) {
      const std::string& organ = entry.organ.name;
      const bool lateral = !entry.organ.sides.empty();
      const std::string standard = organs_.at(organ).standard;
      const std::string own = standard.empty() ? "name" : standard + " name";
      keys.add(organ, organ, own, entry.place);
      std::vector<std::string> alike = entry.synonyms;
      for (const std::string& synonym : alike)
        keys.add(synonym, organ, fmt::format("synonym '{}' ({})", synonym, file.name), entry.place);
      if (!lateral) continue;
      alike.insert(alike.begin(), organ);
      for (std::size_t side = 0; side < 2; ++side) {
        const std::string sided = organ + suffix[side];
        organs_.emplace(sided, Organ{sided, standard, {}, {}});
        keys.add(sided, sided, own, entry.place);
        for (const std::string& text : alike)
          for (const std::string& word : side_words[side])
            for (const std::string& joined : {text + " " + word, word + " " + text})
              keys.add(joined, sided, fmt::format("synonym '{}' with '{}' for the side ({})", text, word, file.name),
                       entry.place);
      }
    }
  }
  for (const NameFile& file : files)
    for (const Entry& entry : file.entries) {
      for (const std::string& part : entry.organ.union_of)
        if (!organs_.contains(part))
          throw entry.place.error(fmt::format("'{}' is the union of an unknown organ '{}'", entry.organ.name, part), "",
                                  "define that organ too");
      for (const std::string& synonym : entry.synonyms)
        for (const auto& [name, organ] : organs_)
          if (name != entry.organ.name && normalised_name(name) == normalised_name(synonym))
            throw entry.place.error(fmt::format("synonym '{}' is itself the name of an organ", synonym),
                                    "it would hide that organ", "remove it");
    }
}

NameDictionary NameDictionary::shipped_and(const std::vector<std::filesystem::path>& users) {
  std::vector<std::filesystem::path> all = shipped_files("names");
  all.insert(all.end(), users.begin(), users.end());
  return NameDictionary(all);
}

std::optional<NamedOrgan> NameDictionary::organ_named(const std::string& name) const {
  const auto found = by_key_.find(normalised_name(name));
  if (found == by_key_.end()) return std::nullopt;
  NamedOrgan result = found->second;
  if (normalised_name(result.organ) == found->first && name != result.organ)
    result.rule += fmt::format(" '{}' without case and punctuation", result.organ);
  return result;
}

const Organ* NameDictionary::organ(const std::string& canonical) const {
  const auto found = organs_.find(canonical);
  return found == organs_.end() ? nullptr : &found->second;
}

std::vector<std::string> NameDictionary::organ_names() const {
  std::vector<std::string> names;
  for (const auto& [name, organ] : organs_) names.push_back(name);
  return names;
}

}  // namespace sbrt
