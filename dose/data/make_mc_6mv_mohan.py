#!/usr/bin/env python3
"""Writes the beam data set mc-6mv-mohan from tables of an independent Monte Carlo run (EGSnrc, 6 MV spectrum of Mohan et al.).

usage: make_mc_6mv_mohan.py FOLDER_OF_MC_TABLES OUTPUT_FOLDER

All from the columns with a 2 mm source spot unless stated. Smoothing, in this order:

OF   the run's values at 15 mm depth, 800 mm (1 sigma 0.03-0.2 %) as they are. With distance, phantom scatter and lateral
     electron equilibrium follow the true field size, and the spot is seen larger:
     OF(c, z) = OF_point(c z / 800) * occlusion(c, z), z = 650-1150 mm. OF_point is the run without a spot, between cones a
     monotone cubic in the logarithm of the field diameter, beyond 5 and 60 mm its end slope. occlusion is the ratio of the
     axis doses with and without the spot: log(occlusion) = p s + q s^2, s = ((z - 400) / z)^2 (the square of the spot's
     image over the field), fitted over the depths from 15 mm of the run at SSD 785 mm and scaled to OF_spot / OF_point at 800 mm.
     What this and TPR leave of the axis dose of that run from 40 to 345 mm depth (fields to 60 mm) goes into a factor (z / 800)^g, one g per
     cone by least squares: 0.027 for 5 mm, 0.014 to 0.007 for 7.5 to 15 mm, below 0.004 for larger. OF_point of the smallest cones is known to 0.5 % only.
TPR  to 15 mm a least-squares fit exp(-mu d) (1 - p exp(-d/l) - q exp(-d/m)) over 0-60 mm that is 1 at 15 mm; beyond, the same times a local
     quadratic through what it leaves (tricube window of 10 mm, 1 at 15 mm); from 40 mm the run's own
     smooth table (a fit through derived and direct set-ups, 30 mm on); linear transition from 30 mm.
OCR  depths 15, 50, 100, 200, 300 mm from direct runs. Annulus means are turned into point values (minus second difference
     / 24), then a local fit at every 0.1 mm: even quartic in r inside the field (half width 0.85 (R - r)), cubic in r within
     4 mm of the edge (1.1-1.2 mm), linear in log(OCR) over r in the tail (0.3 (r - R), at most 6 mm); weights 1/sigma^2
     times a tricube window of that half width. Divided by the value at 0; radii thinned so that linear interpolation stays within 2e-4.
"""
import math
import pathlib
import sys

import numpy as np

CONES = [5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60]
OCR_DEPTHS = [15, 50, 100, 200, 300]
TAIL_MM = 30.0


def read(path):
    lines = [l.strip() for l in path.read_text().splitlines() if l and l[0] != "#"]
    names = lines[0].split(",")
    rows = [[math.nan if x.isalpha() else float(x) for x in l.split(",")] for l in lines[1:]]
    return {n: np.array([r[i] for r in rows]) for i, n in enumerate(names)}


def monotone_cubic(x, y):
    """Fritsch-Carlson slopes; straight beyond the ends."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    m = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        if d[i - 1] * d[i] > 0:
            w1, w2 = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            m[i] = (w1 + w2) / (w1 / d[i - 1] + w2 / d[i])
    m[0], m[-1] = d[0], d[-1]

    def at(v):
        if v <= x[0]:
            return y[0] + m[0] * (v - x[0])
        if v >= x[-1]:
            return y[-1] + m[-1] * (v - x[-1])
        i = int(np.searchsorted(x, v)) - 1
        t = (v - x[i]) / h[i]
        return ((2 * t**3 - 3 * t**2 + 1) * y[i] + (t**3 - 2 * t**2 + t) * h[i] * m[i]
                + (3 * t**2 - 2 * t**3) * y[i + 1] + (t**3 - t**2) * h[i] * m[i + 1])

    return at


def build_up(p, d):
    scale, mu, a, l, b, m = p
    return scale * np.exp(-mu * (d - 15)) * (1 - a * np.exp(-d / l) - b * np.exp(-d / m)) / (
        1 - a * math.exp(-15 / l) - b * math.exp(-15 / m))


def fit_build_up(d, t, sigma):
    """Levenberg-Marquardt."""
    p, damping = np.array([1, 0.005, 0.5, 3.0, 0.3, 1.5]), 1e-3
    cost = lambda q: float((((build_up(q, d) - t) / sigma) ** 2).sum())
    best = cost(p)
    for _ in range(400):
        r = (build_up(p, d) - t) / sigma
        jac = np.empty((len(d), 6))
        for i in range(6):
            q = p.copy()
            h = 1e-5 * max(abs(q[i]), 1e-3)
            q[i] += h
            jac[:, i] = ((build_up(q, d) - t) / sigma - r) / h
        a = jac.T @ jac
        a, jac = a[1:, 1:], jac[:, 1:]  # the scale stays 1: TPR(15 mm) is 1
        q = p.copy()
        q[1:] += np.linalg.solve(a + damping * np.diag(np.diag(a)), -jac.T @ r)
        if q[3] > 0 and q[5] > 0 and cost(q) < best:
            p, best, damping = q, cost(q), damping / 3
        else:
            damping *= 4
        if damping > 1e12:
            break
    return p


def local_quadratic(x, d, t, sigma, half=10.0):
    w = np.clip(1 - (np.abs(d - x) / half) ** 3, 0, None) ** 3 / sigma**2
    basis = np.stack([(d - x) ** k for k in range(3)], 1)
    s = np.sqrt(w)
    return np.linalg.lstsq(basis * s[:, None], t * s, rcond=None)[0][0]


def smooth_profile(r, ocr, sigma, edge, at):
    point = ocr.copy()
    point[1:-1] -= (ocr[2:] - 2 * ocr[1:-1] + ocr[:-2]) / 24
    sigma = np.maximum(sigma, 1e-6)
    out = []
    for x in at:
        half = max(0.3 * abs(x - edge), 1.1)
        if x < edge - 4:  # even in r
            half = max(0.85 * (edge - x), 2.8)
            w = np.clip(1 - (np.abs(r - x) / half) ** 3, 0, None) ** 3 / sigma**2
            w += np.clip(1 - (np.abs(r + x) / half) ** 3, 0, None) ** 3 / sigma**2
            basis = np.stack([np.ones_like(r), r**2 - x**2, (r**2 - x**2) ** 2], 1)
            y = point
        elif x > edge + 4:
            half = min(half, 6.0)
            w = np.clip(1 - (np.abs(r - x) / half) ** 3, 0, None) ** 3 * (point / sigma) ** 2
            basis = np.stack([np.ones_like(r), r - x], 1)
            y = np.log(np.maximum(point, 1e-6))
        else:
            mirrored = np.concatenate([-r[::-1], r])
            w = np.clip(1 - (np.abs(mirrored - x) / half) ** 3, 0, None) ** 3 / np.concatenate([sigma[::-1], sigma]) ** 2
            basis = np.stack([(mirrored - x) ** k for k in range(4)], 1)
            y = np.concatenate([point[::-1], point])
        s = np.sqrt(w)
        value = np.linalg.lstsq(basis * s[:, None], y * s, rcond=None)[0][0]
        out.append(math.exp(value) if x > edge + 4 else value)
    return np.array(out)


def thinned(radii, profiles, tolerance=2e-4):
    kept = [0]
    while kept[-1] + 1 < len(radii):
        a, b = kept[-1], kept[-1] + 1
        while b + 1 < len(radii):
            f = (radii[a + 1:b + 1] - radii[a]) / (radii[b + 1] - radii[a])
            line = profiles[:, [a]] + f * (profiles[:, [b + 1]] - profiles[:, [a]])
            if np.abs(line - profiles[:, a + 1:b + 1]).max() > tolerance:
                break
            b += 1
        kept.append(b)
    return kept


def distance_exponents(factors, depth_dose, of, tpr):
    """g of (z / 800)^g per cone: what OF(c, z) and TPR(field, d) leave of the axis dose at SSD 785 mm."""
    g = {}
    for c in CONES:
        z = 785 + depth_dose["depth_mm"]
        m = (depth_dose["cone_mm"] == c) & (depth_dose["depth_mm"] >= 40) & (depth_dose["depth_mm"] <= 345) & (c * z / 800 <= 60)
        z, d, w = z[m], depth_dose["depth_mm"][m], 1 / depth_dose["unc_spot_pct"][m]
        measured = depth_dose["dose_axis_spot"][m] / factors["dose15_spot"][-1]
        model = np.array([of(c, x) * tpr(c * x / 800, y) * (800 / x) ** 2 for x, y in zip(z, d)])
        x = np.log(z / 800)
        g[c] = float((w**2 * x * np.log(measured / model)).sum() / (w**2 * x**2).sum()) if len(d) > 5 else 0
    return g


def main(mc, out):
    origin = ("# Made by dose/data/make_mc_6mv_mohan.py from an EGSnrc run (6 MV spectrum of Mohan et al. 1985, 2 mm source spot, no head); "
              "do not edit. Not for clinical use.\n")
    out.mkdir(parents=True, exist_ok=True)

    factors = read(mc / "A_output_factors.csv")
    of_point = monotone_cubic(np.log(factors["cone_mm"]), factors["OF_point"])
    at_800 = dict(zip(factors["cone_mm"], factors["OF_spot"] / factors["OF_point"]))
    depth_dose = read(mc / "A785_pdd.csv")
    image = lambda z: ((z - 400) / z) ** 2
    occlusion = {}
    for c in CONES:
        m = (depth_dose["cone_mm"] == c) & (depth_dose["depth_mm"] >= 15)
        s = image(785 + depth_dose["depth_mm"][m])
        w = 1 / depth_dose["unc_pct"][m]
        basis = np.stack([s, s**2], 1) * w[:, None]
        ratio = np.log(depth_dose["dose_axis_spot"][m] / depth_dose["dose_axis_point"][m])
        p, q = np.linalg.lstsq(basis, ratio * w, rcond=None)[0]
        shape = lambda z, p=p, q=q: math.exp(p * image(z) + q * image(z) ** 2)
        occlusion[c] = lambda z, c=c, shape=shape: at_800[c] * shape(z) / shape(800)
    raw, smooth = read(mc / "A_tpr.csv"), read(mc / "A_tpr_smooth.csv")
    depths = [0.25 * i for i in range(20)] + [0.5 * i for i in range(10, 30)] + list(range(15, 40)) + list(range(40, 351, 5))
    text = origin + "field_mm,depth_mm,tpr\n"
    tpr = []
    for c in CONES:
        m = (raw["cone_mm"] == c) & (raw["depth_mm"] <= 60)
        t = raw["TPR_spot"][m]
        sigma = np.hypot(raw["unc_spot_pct"][m] / 100 * t, 0.002 * t)
        p = fit_build_up(raw["depth_mm"][m], t, sigma)
        n = smooth["cone_mm"] == c
        at = raw["depth_mm"][m]
        left = np.append(t / build_up(p, at) - 1, 0)  # 1 at 15 mm by definition
        at, sigma = np.append(at, 15.0), np.append(sigma / t, 1e-5)
        deep = lambda d: math.exp(np.interp(d, smooth["depth_mm"][n], np.log(smooth["TPR_spot"][n])))
        for d in depths:
            shallow = float(build_up(p, float(d)) / build_up(p, 15.0))
            if d > 15:
                shallow *= 1 + local_quadratic(float(d), at, left, sigma)
            f = min(max((d - 30) / 10, 0), 1)
            tpr.append(shallow if f == 0 else (1 - f) * shallow + f * deep(d))
            text += f"{c:g},{d:g},{tpr[-1]:.5f}\n"
    (out / "tpr.csv").write_text(text)

    tpr = np.array(tpr).reshape(len(CONES), len(depths))

    def tpr_at(field, depth):
        return np.interp(field, CONES, [np.interp(depth, depths, row) for row in tpr])

    rest = distance_exponents(factors, depth_dose, lambda c, z: of_point(math.log(c * z / 800)) * occlusion[c](z), tpr_at)
    text = origin + "# Phantom scatter of the true field size; occlusion of the source's spot.\ncollimator_mm,distance_mm,output_factor\n"
    for c in CONES:
        for z in range(650, 1151, 10):
            text += f"{c:g},{z},{of_point(math.log(c * z / 800)) * occlusion[c](z) * (z / 800) ** rest[c]:.5f}\n"
    (out / "of.csv").write_text(text)

    table = read(mc / "A_ocr.csv")
    text = origin + "# Radius at 800 mm. The profile of 15 mm also stands at depth 0, that of 300 mm at 350 mm.\ncollimator_mm,depth_mm,radius_mm,ocr\n"
    for c in CONES:
        last = math.ceil((c / 2 + TAIL_MM) * 10 - 1e-9) / 10
        radii = np.round(np.arange(0, last + 0.05, 0.1), 1)
        profiles = []
        for d in OCR_DEPTHS:
            m = (table["cone_mm"] == c) & (table["depth_mm"] == d)
            values = smooth_profile(table["r_mean_mm"][m], table["OCR_spot"][m], table["unc_OCR_spot"][m], c / 2, radii)
            profiles.append(values / values[0])
        profiles = np.array(profiles)
        kept = thinned(radii, profiles)
        for d, profile in zip([0] + OCR_DEPTHS + [350], [profiles[0], *profiles, profiles[-1]]):
            for i in kept:
                text += f"{c:g},{d},{radii[i]:.1f},{profile[i]:.5f}\n"
    (out / "ocr.csv").write_text(text)

    (out / "beam-data.json").write_text("""{
  "schema": "sbrtplan-beam-data/1",
  "name": "mc-6mv-mohan",
  "version": "2",
  "collimator_kind": "fixed",
  "clinical": false,
  "source": "Tables of an independent Monte Carlo run (EGSnrc, 6 MV flattened-beam spectrum of Mohan et al., Med Phys 1985;12:592, point source with 2 mm spot, ideal circular aperture, no head), smoothed as dose/data/make_mc_6mv_mohan.py states. Not commissioned on any machine.",
  "licence": "Apache-2.0",
  "reference": {"distance_mm": 800, "depth_mm": 15, "collimator_mm": 60, "gy_per_mu": 0.01}
}
""")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
