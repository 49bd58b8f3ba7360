"""Colours as people with two kinds of cones see them, and how far apart they are."""
import itertools

import numpy

# Machado, Oliveira, Fernandes (2009), severity 1, linear RGB.
SIGHTS = {
    "usual": numpy.eye(3),
    "protanopia": numpy.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": numpy.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": numpy.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
XYZ_OF_SRGB = numpy.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
WHITE = numpy.array([0.95047, 1, 1.08883])


def linear(colour):
    """#rrggbb as linear RGB."""
    c = numpy.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    return numpy.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x = XYZ_OF_SRGB @ rgb / WHITE
    f = numpy.where(x > (6 / 29) ** 3, numpy.cbrt(x), x * (29 / 6) ** 2 / 3 + 4 / 29)
    return numpy.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_difference(colours, sight):
    """The two of the colours that are most alike: CIE 1976 difference (2.3 is just noticeable) and which they are."""
    seen = {c: lab(numpy.clip(SIGHTS[sight] @ linear(c), 0, 1)) for c in colours}
    return min((float(numpy.linalg.norm(seen[a] - seen[b])), a, b) for a, b in itertools.combinations(sorted(seen), 2))
