#include "geometry/space.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};
template <class A, class B>
concept HasDot = requires(A a, B b) {
  dot(a, b);
};
template <class A, class B>
concept HasDistance = requires(A a, B b) {
  distance(a, b);
};
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a == b;
};

// Allowed within a space.
static_assert(Subtractable<PatientPoint, PatientPoint> && Addable<PatientPoint, PatientVec>);
static_assert(Addable<PatientVec, PatientVec> && HasDot<PatientVec, PatientVec>);
// Two points have no sum.
static_assert(!Addable<PatientPoint, PatientPoint>);
// Spaces do not mix.
static_assert(!Subtractable<PatientPoint, VoxelPoint> && !Addable<PatientPoint, VoxelVec>);
static_assert(!Addable<PatientVec, Vec<BeamEye>> && !HasDot<PatientVec, VoxelVec>);
static_assert(!HasDistance<PatientPoint, Point<BeamEye>> && !Comparable<PatientPoint, VoxelPoint>);
static_assert(!std::is_convertible_v<VoxelPoint, PatientPoint> && !std::is_convertible_v<PatientVec, VoxelVec>);
static_assert(!std::is_constructible_v<Direction<Patient>, Vec<BeamEye>>);

TEST(Space, PointMinusPointIsTheVectorBetween) {
  const PatientPoint a{1, 2, 3}, b{4, 6, 15};
  EXPECT_EQ(b - a, (PatientVec{3, 4, 12}));
  EXPECT_EQ(a + (b - a), b);
  EXPECT_DOUBLE_EQ(distance(a, b), 13);
}

TEST(Space, CrossIsRightHanded) { EXPECT_EQ(cross(PatientVec{1, 0, 0}, PatientVec{0, 1, 0}), (PatientVec{0, 0, 1})); }

TEST(Direction, IsNormalisedAndRefusesWhatHasNone) {
  EXPECT_DOUBLE_EQ(norm(Direction<Patient>(PatientVec{3, -4, 12}).vec()), 1);
  EXPECT_THROW(Direction<Patient>(PatientVec{}), ContractViolation);
  EXPECT_THROW(Direction<Patient>(PatientVec{NAN, 0, 1}), ContractViolation);
}

TEST(BoxOfPoints, GrowsPointByPoint) {
  Box box;
  EXPECT_TRUE(box.empty());
  box.add({1, -2, 3});
  box.add({-4, 5, 3});
  EXPECT_FALSE(box.empty());
  EXPECT_EQ(box.centre(), (PatientPoint{-1.5, 1.5, 3}));
  EXPECT_TRUE(box.grown(1).contains({-5, 6, 4}));
  EXPECT_FALSE(box.contains({0, 0, 4}));
}

}  // namespace
}  // namespace sbrt
