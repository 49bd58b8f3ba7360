#include "engine/planning/goal_file.h"

#include "engine/json.h"

namespace sbrt {

Goal goal_of(const JsonReader& item) {
  if (!item.is_object()) return Goal::parse(item.text());
  Goal goal = Goal::parse(item.at("goal").text());
  if (const auto v = item.find("priority")) goal.priority = int(v->integer(1, 9));
  return goal;
}

std::vector<Goal> read_goal_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  if (json.is_object() && json.has("schema") && json.at("schema").is_text() &&
      json.at("schema").text() == "sbrtplan-protocol/1")
    throw json.error("this is a protocol", "its organs are matched by name", "give it with --protocol");
  json.expect_schema("sbrtplan-goals/1");
  for (const char* note : {"name", "source"})
    if (const auto text = json.find(note)) text->text();
  std::vector<Goal> goals;
  for (const JsonReader& item : json.at("goals").items()) goals.push_back(goal_of(item));
  json.expect_all_used();
  return goals;
}

}  // namespace sbrt
