#include "phantoms/blueprint.h"

namespace sbrt::phantoms {

Blueprint head_three_targets(const Request& request) {
  const Solid scalp = ellipsoid({0, 0, 0}, {78, 98, 108}), neck = elliptic_cylinder({0, 22, -110}, 58, 62, 140);
  const Solid skull = ellipsoid({0, 2, 4}, {71, 90, 98}), inside = ellipsoid({0, 2, 4}, {64, 83, 91});
  // The sockets of the eyes reach into the skull.
  const Solid socket_r = sphere({-31, -66, -32}, 16), socket_l = sphere({31, -66, -32}, 16);
  const Solid brain = subtracted(subtracted(inside, socket_r), socket_l);
  const double scale = request.diameter_mm / 20;
  const auto lesion = [&](PatientPoint centre, double diameter) {
    return sphere(centre + request.offset_mm, scale * diameter / 2);
  };

  Blueprint b;
  b.parts.push_back(body(united(scalp, neck), soft_hu));
  b.parts.push_back(tissue(with_hole(skull, inside), cortical_hu));
  b.parts.push_back(organ("Brain", brain, brain_hu, {200, 200, 255}));
  for (const Solid& socket : {socket_r, socket_l}) b.parts.push_back(tissue(intersected(socket, scalp), fat_hu));
  b.parts.push_back(tissue(ellipsoid({-9, 0, 18}, {5, 24, 9}), 8));  // ventricles
  b.parts.push_back(tissue(ellipsoid({9, 0, 18}, {5, 24, 9}), 8));
  b.parts.push_back(tissue(elliptic_cylinder({0, 30, -120}, 16, 14, 80), cancellous_hu));
  b.parts.push_back(tissue(elliptic_cylinder({0, 34, -100}, 9, 9, 70), 10));
  b.parts.push_back(organ("SpinalCord", elliptic_cylinder({0, 34, -107}, 5.5, 5.5, 60), cord_hu, {255, 255, 0}));
  b.parts.push_back(organ("Brainstem", ellipsoid({0, 22, -42}, {14, 12, 27}), brain_hu + 5, {0, 128, 255}));
  b.parts.push_back(organ("OpticChiasm", ellipsoid({0, -14, -26}, {9, 5, 3}), brain_hu + 5, {0, 255, 128}));
  for (const double side : {-1.0, 1.0}) {
    const std::string suffix = side < 0 ? "_R" : "_L";
    const PatientPoint eye{side * 31, -71, -32}, from{side * 6, -18, -26.5}, to{side * 27, -60, -31};
    b.parts.push_back(organ("OpticNrv" + suffix,
                            cylinder(from + 0.5 * (to - from), Direction<Patient>(to - from), 2.5, norm(to - from)),
                            brain_hu + 5, {0, 200, 100}));
    b.parts.push_back(organ("Eye" + suffix, sphere(eye, 12), eye_hu, {100, 100, 255}));
    b.parts.push_back(
        organ("Lens" + suffix, ellipsoid(eye + PatientVec{0, -8.5, 0}, {4.5, 2, 4.5}), 70, {255, 128, 255}));
    b.parts.push_back(organ("Cochlea" + suffix, sphere({side * 36, 14, -40}, 3), 300, {128, 255, 0}));
  }
  b.parts.push_back(target("GTV_1", lesion({34, -28, 42}, 20)));
  b.parts.push_back(target("GTV_2", lesion({-36, 26, 30}, 14)));
  b.parts.push_back(target("GTV_3", lesion({14, 48, 4}, 8)));
  b.scanned = {{-88, -108, -102}, {88, 108, 118}};
  b.spacing_mm = {1, 1, 1.6};
  b.hosts = {{"GTV_1", "Brain"}, {"GTV_2", "Brain"}, {"GTV_3", "Brain"}};
  // TG-101, three fractions.
  b.plan = {{"GTV_1", "GTV_2", "GTV_3"},
            {},
            1,
            {"27Gy/3fx@75%", "27Gy/3fx@75%", "24Gy/3fx@75%"},
            {"Brainstem:D0.03cc <= 23.1 Gy", "Brainstem:D0.5cc <= 18 Gy", "OpticChiasm:D0.03cc <= 17.4 Gy",
             "OpticNrv_L:D0.03cc <= 17.4 Gy", "OpticNrv_R:D0.03cc <= 17.4 Gy", "Cochlea_L:D0.03cc <= 17.1 Gy",
             "Cochlea_R:D0.03cc <= 17.1 Gy"},
            97,
            "head"};
  return b;
}

}  // namespace sbrt::phantoms
