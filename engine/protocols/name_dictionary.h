/// Which organ a structure's name means: TG-263 names with synonyms, from files of schema sbrtplan-names/1.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// An organ that protocols may name.
struct Organ {
  std::string name;
  std::string standard;               //!< that lists the name ("TG-263"); empty: a name of the file's own
  std::vector<std::string> union_of;  //!< organs that together are this one, where it is not drawn itself
  std::vector<std::string> sides;     //!< "Lung_L", "Lung_R": a goal on the organ is one on each of them
};

/// An organ that a name means, and why.
struct NamedOrgan {
  std::string organ;
  std::string rule;  //!< "TG-263 name", "synonym 'Cord' (tg263)", ...
};

/// A text without what people vary: ASCII letters become small; blanks and _ - . , : ; / ' " ( ) [ ] are dropped. Other
/// marks stay because they mean something (~ partial, + expanded, ^ qualified, a leading _ or z not for evaluation), so
/// a name that carries one matches nothing by itself. Bytes beyond ASCII stay as they are.
std::string normalised_name(const std::string& name);

/// True for the usual marks of what is no organ: PRV, PTV, GTV, CTV, ITV, ring, avoid, opt, dose, ... as a word of its
/// own. `Lungs-GTV` and its like are organs all the same when a dictionary lists them.
bool looks_derived(const std::string& name);

/// Read-only once the files are read. A name means at most one organ.
class NameDictionary {
 public:
  /// @param paths in order; a later file's synonyms come before those of the files read earlier
  /// @throws InputError naming file and place: unknown key, one name for two organs of a file, a synonym that is
  /// another
  ///         organ's own name or marks a derived structure, union of an unknown organ
  explicit NameDictionary(const std::vector<std::filesystem::path>& paths);

  /// The shipped names and, after them, the user's.
  static NameDictionary shipped_and(const std::vector<std::filesystem::path>& users);

  std::optional<NamedOrgan> organ_named(const std::string& name) const;
  const Organ* organ(const std::string& canonical) const;  ///< null when unknown
  std::vector<std::string> organ_names() const;            ///< sorted
  std::vector<std::filesystem::path> files() const { return files_; }

 private:
  std::map<std::string, Organ> organs_;
  std::map<std::string, NamedOrgan> by_key_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace sbrt
