#include "engine/planning/goal_file.h"

#include "engine/json.h"

namespace sbrt {

std::vector<Goal> read_goal_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  if (json.is_object() && json.has("schema") && json.at("schema").is_text() &&
      json.at("schema").text() == "sbrtplan-protocol/1")
    throw json.error("this is a protocol", "its organs are matched by name", "give it with --protocol");
  json.expect_schema("sbrtplan-goals/1");
  for (const char* note : {"name", "source"})
    if (const auto text = json.find(note)) text->text();
  std::vector<Goal> goals;
  for (const JsonReader& item : json.at("goals").items()) goals.push_back(Goal::parse(item.text()));
  json.expect_all_used();
  return goals;
}

}  // namespace sbrt
