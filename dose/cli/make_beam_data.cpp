// Writes the files of generic-6mv-fff again: make_beam_data FOLDER (the source tree's
// dose/data/beam-data/generic-6mv-fff).
#include "dose/generic_files.h"
#include "geometry/atomic_output.h"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: make_beam_data FOLDER\n";
    return 2;
  }
  try {
    const std::filesystem::path folder = arguments[1];
    const sbrt::BeamDataFiles files = sbrt::make_generic_files();
    sbrt::write_file_atomically(folder / "beam-data.json", files.description);
    sbrt::write_file_atomically(folder / "of.csv", files.output_factors);
    sbrt::write_file_atomically(folder / "tpr.csv", files.tpr);
    sbrt::write_file_atomically(folder / "ocr.csv", files.ocr);
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 3;
  }
  return 0;
}
