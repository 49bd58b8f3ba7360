/// A site's own tables and water-phantom scans, read into the parts of a beam data set. Layouts: docs/formats.md,
/// "beam-data import"; conversion: docs/physics.md, "Scans to tables".
///
/// Nothing is guessed, renormalised or filled in: whatever departs from the stated layout is refused with file and
/// line, and a part that no source holds is asked for by name.
#pragma once

#include "dose/beam_data_writer.h"
#include "geometry/warning.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

/// What a depth scan (W2CAD type OPD) holds.
enum class DepthScanKind { not_stated, depth_dose_at_fixed_ssd, tissue_phantom_ratio };

struct BeamDataImport {
  BeamDataParts parts;
  std::vector<std::string> notes;  //!< one line per file and scan: what was read and how it was converted
  Warnings warnings;
};

/// @param sources files, or folders whose files are taken; DMTable*.dat, TMRtable*.dat, OCRtable*.dat, *.asc and the
///        set's own of.csv, tpr.csv, ocr.csv, told apart by name (any case)
/// @throws InputError
BeamDataImport import_beam_data(const std::vector<std::string>& sources, DepthScanKind depth_scans);

// Vendor-style text tables. `where` names the file in messages. [mm]
std::map<double, std::vector<std::pair<double, double>>> parse_dm_table(std::string_view text,
                                                                        const std::string& where);
BeamTable parse_tmr_table(std::string_view text, const std::string& where);
struct ConeProfiles {
  double collimator_mm = 0;
  BeamTable table;  //!< depth, radius
};
ConeProfiles parse_ocr_table(std::string_view text, const std::string& where);

/// One W2CAD block. [mm; readings in any unit]
struct WaterScan {
  std::string where;  //!< file and line of $STOM
  bool is_depth_scan = false;
  char axis = 'Z';
  double field_mm = 0, ssd_mm = 0, depth_mm = 0;  //!< ssd and depth 0 where not given
  std::vector<std::pair<double, double>> points;  //!< (depth or off-axis position, reading), ascending
  bool has_ssd = false;
};
std::vector<WaterScan> parse_w2cad(std::string_view text, const std::string& where, Warnings& warnings);

/// Adds TPR and OCR of the scans to `import`. Output factors must be there already when depth doses are converted.
void convert_scans(const std::vector<WaterScan>& scans, DepthScanKind depth_scans, BeamDataImport& import);

}  // namespace sbrt
