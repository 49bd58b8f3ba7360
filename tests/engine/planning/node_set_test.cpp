#include "engine/planning/node_set.h"

#include "geometry/error.h"
#include "geometry/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

namespace sbrt {
namespace {

using testing::HasSubstr;

// The offsets are rounded to 1 um; at 650 mm that turns a direction by less than 3e-6 rad.
constexpr double rounding_rad = 3e-6;

double angle_to(PatientVec v, PatientVec axis) { return std::acos(dot(v, axis) / norm(v)); }

void expect_reachable(const NodeSet& set, double feet_cone_deg) {
  std::set<std::string> ids;
  for (const Node& node : set.nodes) {
    EXPECT_TRUE(ids.insert(node.id).second) << node.id;
    // LPS: the front of the patient looks to -y, the feet lie at -z.
    EXPECT_GE(90 * units::degree - angle_to(node.offset_mm, {0, -1, 0}), -22 * units::degree - rounding_rad) << node.id;
    EXPECT_GE(angle_to(node.offset_mm, {0, 0, -1}), feet_cone_deg * units::degree - rounding_rad) << node.id;
  }
}

double nearest_direction_deg(const NodeSet& set, std::size_t i) {
  double nearest = 10;
  for (std::size_t j = 0; j < set.nodes.size(); ++j)
    if (j != i) {
      const PatientVec a = set.nodes[i].offset_mm, b = set.nodes[j].offset_mm;
      nearest = std::min(nearest, std::acos(dot(a, b) / norm(a) / norm(b)));
    }
  return nearest / units::degree;
}

TEST(NodeSet, BodyKeepsItsConstruction) {
  const NodeSet set = NodeSet::body();
  EXPECT_GE(set.nodes.size(), 100u);
  EXPECT_LE(set.nodes.size(), 130u);
  expect_reachable(set, 40);
  std::set<int> distances;
  for (const Node& node : set.nodes) distances.insert(int(std::lround(norm(node.offset_mm))));
  EXPECT_EQ(distances, (std::set<int>{800, 900, 1000}));
}

TEST(NodeSet, HeadKeepsItsConstruction) {
  const NodeSet set = NodeSet::head();
  EXPECT_GE(set.nodes.size(), 160u);
  EXPECT_LE(set.nodes.size(), 179u);
  expect_reachable(set, 45);
  std::set<int> distances;
  for (const Node& node : set.nodes) distances.insert(int(std::lround(norm(node.offset_mm))));
  EXPECT_EQ(distances, (std::set<int>{650, 700, 750, 800}));
}

TEST(NodeSet, DirectionsAreQuasiUniform) {
  // n points on a sphere, each with 4 pi / n sr, cannot all lie farther apart than in the hexagonal packing:
  // sqrt(8 pi / (sqrt(3) n)) rad = 15.6 deg for 196. The lattice keeps more than half of it and leaves no isolated
  // node.
  const NodeSet set = NodeSet::body();
  for (std::size_t i = 0; i < set.nodes.size(); ++i) {
    EXPECT_GT(nearest_direction_deg(set, i), 0.5 * 15.6);
    EXPECT_LT(nearest_direction_deg(set, i), 1.1 * 15.6);
  }
}

TEST(NodeSet, PathIsAShortTour) {
  const NodeSet set = NodeSet::body();
  // No tour through a lattice is shorter than one lattice spacing per link: sqrt(2 A / (sqrt(3) n)) for the hexagonal
  // one, with A = 0.58 * 4 pi * (900 mm)^2 left by the exclusions. The nested spheres add a radial step, 133 mm rms
  // over the pairs of {800, 900, 1000}. A good tour stays within 10 % of that.
  const double n = double(set.nodes.size());
  const double spacing_mm = std::sqrt(2 * 0.58 * 4 * 3.14159265 * 900 * 900 / (std::sqrt(3.0) * n));
  EXPECT_LT(set.path_length_mm(), 1.1 * n * std::hypot(spacing_mm, 133));
  EXPECT_EQ(set.nodes.front().id, "b001");
  EXPECT_EQ(NodeSet::body(), set);
}

class NodeFile : public testing::Test {
 protected:
  std::string complaint(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "/node_set_" + name;
    std::ofstream(path) << text;
    try {
      set_ = NodeSet::named_or_file(path);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }
  NodeSet set_;
};

TEST_F(NodeFile, ReadsCsvAndJson) {
  EXPECT_EQ(complaint("ok.csv", "# made by hand\nid,x_mm,y_mm,z_mm\nn1, 0,-800,0\nn2,100.5,-790,-3\n"), "");
  ASSERT_EQ(set_.nodes.size(), 2u);
  EXPECT_EQ(set_.nodes[1], (Node{"n2", {100.5, -790, -3}}));
  EXPECT_EQ(
      complaint("ok.json",
                R"({"schema": "sbrtplan-nodes/1", "name": "mine", "nodes": [{"id": "a", "offset_mm": [0, -900, 1]}]})"),
      "");
  EXPECT_EQ(set_.name, "mine");
  EXPECT_EQ(set_.nodes[0], (Node{"a", {0, -900, 1}}));
}

TEST_F(NodeFile, RefusesByPlaceAndReason) {
  const std::string head = "id,x_mm,y_mm,z_mm\n";
  EXPECT_THAT(complaint("a.csv", head + "n1,0,-800,0\nn1,0,-900,0\n"), HasSubstr("'n1'"));
  EXPECT_THAT(complaint("b.csv", head + "n1,0,-800\n"), HasSubstr("line 2"));
  EXPECT_THAT(complaint("c.csv", head + "n1,0,nan,0\n"), HasSubstr("y_mm"));
  EXPECT_THAT(complaint("d.csv", head + "n1,0,-80,0\n"), HasSubstr("80.0 mm from the alignment centre"));
  EXPECT_THAT(complaint("e.csv", "id,x,y,z\nn1,0,-800,0\n"), HasSubstr("id,x_mm,y_mm,z_mm"));
  EXPECT_THAT(complaint("f.csv", head), HasSubstr("empty"));
  EXPECT_THAT(complaint("g.csv", head + "n1,0,-800,0\nn2,0,-800,0\n"), HasSubstr("position of node 'n1'"));
  EXPECT_THAT(
      complaint("h.json",
                R"({"schema": "sbrtplan-nodes/1", "nodes": [{"id": "a", "offset_mm": [0, -900, 1], "sad": 1}]})"),
      HasSubstr("$.nodes[0].sad"));
  EXPECT_THAT(complaint("i.txt", ""), HasSubstr("neither .json nor .csv"));
  EXPECT_THROW(NodeSet::named_or_file("bodyy"), InputError);
}

}  // namespace
}  // namespace sbrt
