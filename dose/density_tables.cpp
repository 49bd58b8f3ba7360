#include "dose/density_tables.h"

namespace sbrt {
namespace {

// Relative electron density over HU. In each table the knot at 0 HU is 1, so that water is water; this changes only
// Schneider's (1.014, which is its soft tissue) and leaves the other knots as published.
//
// schneider: Schneider, Bortfeld and Schlegel, Phys Med Biol 2000;45:459-78; the density of the segments times the
//            electrons per gram of each segment's composition, divided by water's 0.5551.
// matrad:    the default look-up table of the matRad toolkit.
// thomas:    Thomas SJ, Br J Radiol 1999;72:781-6: 1 + HU/1000 to 100 HU, 1.052 + 0.00048 HU above; second-hand.
constexpr double knots_hu[] = {-1000, -950, -900, -850, -800, -750, -700, -650, -600, -500, -400, -300, -200,
                               -150,  -120, -100, -80,  -50,  -20,  0,    10,   20,   40,   60,   80,   100,
                               150,   200,  300,  400,  500,  600,  800,  1000, 1200, 1500, 2000, 2500, 2994};
constexpr double schneider[] = {0.0011, 0.0523, 0.1033, 0.1544, 0.2054, 0.2565, 0.3075, 0.3586, 0.4097, 0.5118,
                                0.6139, 0.7160, 0.8181, 0.8692, 0.9100, 0.9307, 0.9469, 0.9712, 0.9962, 1.0000,
                                1.0211, 1.0215, 1.0411, 1.0642, 1.0785, 1.1015, 1.0879, 1.1107, 1.1609, 1.2115,
                                1.2626, 1.3132, 1.4127, 1.5145, 1.6148, 1.7667, 2.0412, 2.2730, 2.5021};
constexpr double matrad[] = {0.0010, 0.0522, 0.1044, 0.1566, 0.2088, 0.2610, 0.3132, 0.3654, 0.4176, 0.5220,
                             0.6264, 0.7308, 0.8352, 0.8874, 0.9187, 0.9396, 0.9589, 0.9856, 0.9956, 1.0000,
                             1.0095, 1.0190, 1.0380, 1.0570, 1.0760, 1.0950, 1.1158, 1.1366, 1.1782, 1.2236,
                             1.2729, 1.3222, 1.4208, 1.5193, 1.6179, 1.7658, 2.0122, 2.2586, 2.5020};
constexpr double thomas[] = {0.0010, 0.0500, 0.1000, 0.1500, 0.2000, 0.2500, 0.3000, 0.3500, 0.4000, 0.5000,
                             0.6000, 0.7000, 0.8000, 0.8500, 0.8800, 0.9000, 0.9200, 0.9500, 0.9800, 1.0000,
                             1.0100, 1.0200, 1.0400, 1.0600, 1.0800, 1.1000, 1.1240, 1.1480, 1.1960, 1.2440,
                             1.2920, 1.3400, 1.4360, 1.5320, 1.6280, 1.7720, 2.0120, 2.2520, 2.4891};
static_assert(std::size(schneider) == std::size(knots_hu));
static_assert(std::size(matrad) == std::size(knots_hu));
static_assert(std::size(thomas) == std::size(knots_hu));

constexpr ShippedDensityTable tables[] = {
    {"schneider", knots_hu, schneider}, {"matrad", knots_hu, matrad}, {"thomas", knots_hu, thomas}};

}  // namespace

std::span<const ShippedDensityTable> shipped_density_tables() { return tables; }

}  // namespace sbrt
