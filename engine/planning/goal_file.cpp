#include "engine/planning/goal_file.h"

#include "engine/json.h"

namespace sbrt {

std::vector<Goal> read_goal_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-goals/1");
  for (const char* note : {"name", "source"})
    if (const auto text = json.find(note)) text->text();
  std::vector<Goal> goals;
  for (const JsonReader& item : json.at("goals").items()) goals.push_back(Goal::parse(item.text()));
  json.expect_all_used();
  return goals;
}

}  // namespace sbrt
