#!/usr/bin/env python3
"""Checks that includes point down the floors, and that third-party names stay in the rooms that docs allow.

PRIVATE linking does not protect: Debian installs all headers below /usr/include.
"""
import pathlib
import re
import sys
import tempfile

# room -> rooms it may include
ALLOWED = {
    "geometry": {"geometry"},
    "dicom": {"dicom", "geometry"},
    "dose": {"dose", "geometry"},
    "phantoms": {"phantoms", "dicom", "geometry"},
    "engine": {"engine", "dicom", "dose", "phantoms", "geometry"},
}
# third-party prefix -> folders whose .cpp files may include it
THIRD_PARTY = {
    "dcmtk/": ("dicom/",),
    "itk": ("dicom/", "geometry/volume_file.cpp", "engine/report/"),
    "gdcm": ("dicom/",),
    "nlohmann/": ("engine/", "phantoms/", "dose/beam_data", "dose/generic"),
    "CLI/": ("engine/cli/",),
    "spdlog/": ("engine/cli/",),
    "openssl/": ("geometry/sha256.cpp", "engine/report/report_page.cpp"),
    "png.h": ("engine/report/png_image.cpp",),
    "Clp": ("engine/planning/lp_solver.cpp",),
    "Coin": ("engine/planning/lp_solver.cpp",),
    "omp.h": ("geometry/parallel.cpp",),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def offences(root: pathlib.Path):
    for room, allowed in ALLOWED.items():
        for path in sorted((root / room).rglob("*")):
            if path.suffix not in {".h", ".cpp"}:
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if re.match(r"\s*#\s*pragma\s+omp\s+(?!simd)", line) and name != "geometry/parallel.h":
                    yield f"{name}:{number}: threads start only in geometry/parallel.h"
                match = INCLUDE.match(line)
                if not match:
                    continue
                target = match.group(1)
                top = target.split("/")[0]
                if "/" in target and top in ALLOWED and top not in allowed:
                    yield f"{name}:{number}: {room} must not include {target}"
                for prefix, places in THIRD_PARTY.items():
                    if target.startswith(prefix) and not target.startswith("geometry/"):
                        in_place = any(name.startswith(place) for place in places)
                        header = path.suffix == ".h" and not name.startswith(("engine/cli/", "dicom/detail/", "engine/json", "engine/report/"))
                        if not in_place or header:
                            yield f"{name}:{number}: {target} is not allowed here"


def self_test() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "geometry").mkdir()
        (root / "geometry" / "bad.cpp").write_text('#include "dose/beam.h"\n#include <dcmtk/config/osconfig.h>\n#pragma omp parallel\n')
        return 0 if len(list(offences(root))) == 3 else 1


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = list(offences(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "includes point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
