#include "engine/report/report_folder.h"

#include "dose/svg_plot.h"
#include "engine/report/plane_pictures.h"
#include "engine/report/report_page.h"
#include "engine/report/report_tables.h"
#include "engine/report/space_picture.h"
#include "engine/report/volume_file.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

namespace sbrt {
namespace {
namespace fs = std::filesystem;

// In % of the prescription; the colours of the page (web/src/pictures.js).
constexpr std::pair<int, const char*> isodose_levels[] = {
    {105, "#ff4b00"}, {100, "#f0e442"}, {80, "#56b4e9"}, {50, "#cc79a7"}, {20, "#009e73"}};

std::string css(const std::array<std::uint8_t, 3>& c) { return fmt::format("rgb({},{},{})", c[0], c[1], c[2]); }

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw InputError("a file cannot be read back", path.string(), "", "check the folder");
  return text.str();
}

// "03_Lung_L.nii.gz": the number keeps names apart that differ only in what a file system cannot hold.
std::string mask_file(std::size_t number, const std::string& name) {
  std::string plain;
  for (const char c : name) plain += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' ? c : '_';
  return fmt::format("{:02d}_{}.nii.gz", number, plain.substr(0, 60));
}

Box box_of(const ReportView& view) {
  Box box;
  if (view.dose) {
    const Box around = view.dose->grid().bounding_box();
    box.add(around.low);
    box.add(around.high);
  }
  for (const ViewStructure& s : view.structures) {
    const Box around = s.shape.bounding_box().grown(5);
    box.add(around.low);
    box.add(around.high);
  }
  if (box.empty() && view.ct) return view.ct->grid().bounding_box();
  return box;
}

/// What becomes of the volumes: the files that stay, and the blocks of the page.
class Volumes {
 public:
  Volumes(const ReportView& view, const fs::path& folder)
      : view_(view), folder_(folder), masks_(view.structures.size()) {
    fs::create_directories(folder / "volumes" / "masks");
    if (view.ct) ct_ = displayed_ct(*view.ct, box_of(view));
    if (view.dose) dose_ = displayed_dose(*view.dose, view.ct ? &view.ct->grid().axes() : nullptr);
  }

  double dose_unit_gy() const { return dose_ ? dose_->unit_gy : 0; }

  void write(Progress& progress) {
    std::vector<std::function<void()>> jobs;
    if (ct_) jobs.push_back([this] { write_volume(ct_->grid, ct_->values, path("ct.nii.gz")); });
    if (dose_) {
      jobs.push_back([this] { write_volume(dose_->image.grid, dose_->image.values, path(".page-dose.nii.gz")); });
      jobs.push_back([this] { write_volume(view_.dose->grid(), view_.dose->values(), path("dose.nrrd")); });
    }
    if (const Grid* image = mask_grid())
      for (std::size_t i = 0; i < view_.structures.size(); ++i)
        jobs.push_back([this, i, image] {
          masks_[i] = displayed_mask(view_.structures[i].shape, *image);
          write_volume(masks_[i]->grid, masks_[i]->values, path("masks/" + mask_file(i + 1, name(i))));
        });
    progress.begin("volumes", std::int64_t(jobs.size()));
    parallel_for(std::int64_t(jobs.size()), [&](std::int64_t i) {
      jobs[std::size_t(i)]();
      progress.advance();
    });
    progress.end();
  }

  std::vector<FileRecord> files() const {
    std::vector<FileRecord> files;
    if (ct_) files.push_back({"volumes/ct.nii.gz", "CT around dose and structures [HU]"});
    if (dose_) files.push_back({"volumes/dose.nrrd", "dose [Gy], total over all fractions"});
    if (mask_grid())
      for (std::size_t i = 0; i < view_.structures.size(); ++i)
        files.push_back({"volumes/masks/" + mask_file(i + 1, name(i)),
                         name(i) + ": percentage of each voxel inside the structure"});
    return files;
  }

  /// Reads back what was written and removes what only the page needs.
  std::vector<PageBlock> blocks() const {
    std::vector<PageBlock> blocks;
    const auto add = [&](const std::string& id, const fs::path& file) {
      blocks.push_back({id, "text/plain", base64(read_bytes(file))});
    };
    if (ct_) add("volume-ct", path("ct.nii.gz"));
    if (dose_) {
      add("volume-dose", path(".page-dose.nii.gz"));
      fs::remove(path(".page-dose.nii.gz"));
    }
    if (mask_grid())
      for (std::size_t i = 0; i < view_.structures.size(); ++i)
        add(fmt::format("mask-{}", i), path("masks/" + mask_file(i + 1, name(i))));
    return blocks;
  }

  /// Three planes through the first target, else through the middle; nothing without image and dose.
  std::string planes(std::optional<double> prescription_gy) const {
    const Grid* frame = mask_grid();
    if (!frame) return "";
    PatientPoint centre = frame->bounding_box().centre();
    for (const ViewStructure& s : view_.structures)
      if (!view_.targets.empty() && s.shape.name() == view_.targets.front()) centre = s.shape.centroid();
    std::vector<PictureLine> lines;
    for (std::size_t i = 0; i < masks_.size(); ++i)
      if (masks_[i])
        lines.push_back({&masks_[i]->grid, [this, i](std::size_t at) { return double(masks_[i]->values[at]); }, 50,
                         name(i), css(view_.structures[i].colour)});
    if (dose_ && prescription_gy)
      for (const auto& [pct, colour] : isodose_levels)
        lines.push_back({&dose_->image.grid,
                         [this](std::size_t at) { return dose_->image.values[at] * dose_->unit_gy; },
                         pct * *prescription_gy / 100, fmt::format("{} % isodose", pct), colour, true});
    return planes_svg(ct_ ? &*ct_ : nullptr, *frame, centre, lines);
  }

 private:
  fs::path path(const std::string& name) const { return folder_ / "volumes" / name; }
  const std::string& name(std::size_t i) const { return view_.structures[i].shape.name(); }
  const Grid* mask_grid() const { return ct_ ? &ct_->grid : dose_ ? &dose_->image.grid : nullptr; }

  const ReportView& view_;
  fs::path folder_;
  std::optional<DisplayedImage> ct_;
  std::optional<DisplayedDose> dose_;
  std::vector<std::optional<DisplayedMask>> masks_;
};

std::string dvh_svg(const Evaluation& evaluation, const ReportView& view) {
  LinePlot plot{"Dose-volume histogram",
                "cumulative; research software, not a medical device",
                "dose [Gy]",
                "volume [%]",
                "structure",
                {}};
  for (const StructureResult& s : evaluation.structures) {
    if (s.dvh_dose_gy.empty()) continue;
    PlotCurve curve{s.name, {}};
    for (std::size_t i = 0; i < s.dvh_dose_gy.size(); ++i)
      curve.points.push_back({s.dvh_dose_gy[i], 100 * s.dvh_volume_cc[i] / s.volume_cc});
    for (const ViewStructure& seen : view.structures)
      if (seen.shape.name() == s.name) curve.colour = css(seen.colour);
    plot.curves.push_back(std::move(curve));
  }
  return plot.curves.empty() ? "" : to_svg(plot);
}

}  // namespace

const std::vector<std::string>& report_folder_entries() {
  static const std::vector<std::string> entries{"report.json", "report.html", "volumes", "tables", "pictures"};
  return entries;
}

void write_report_folder(PlanReport& report, const ReportView& view, const std::filesystem::path& folder,
                         Progress& progress) {
  Volumes volumes(view, folder);
  volumes.write(progress);
  report.files = volumes.files();
  fs::create_directories(folder / "tables");
  for (const ReportTable& table : report_tables(report)) {
    write_file_atomically(folder / "tables" / table.file, table.csv);
    report.files.push_back({"tables/" + table.file, table.content});
  }
  fs::create_directories(folder / "pictures");
  const auto picture = [&](const std::string& file, const std::string& svg, const std::string& content) {
    if (svg.empty()) return;
    write_file_atomically(folder / "pictures" / file, svg);
    report.files.push_back({"pictures/" + file, content});
  };
  std::optional<double> prescription_gy;
  if (!report.evaluation.targets.empty()) prescription_gy = report.evaluation.targets.front().prescription.dose_gy;
  picture("planes.svg", volumes.planes(prescription_gy), "CT in three planes with structures and isodose lines");
  std::vector<SurfaceMesh> meshes(view.structures.size());
  parallel_for(std::int64_t(meshes.size()),
               [&](std::int64_t i) { meshes[std::size_t(i)] = surface_of(view.structures[std::size_t(i)].shape); });
  picture("space.svg", space_svg(view, meshes), "structures and beams in space");
  picture("dvh.svg", dvh_svg(report.evaluation, view), "dose-volume histogram");
  const std::string json = to_json(report);
  write_file_atomically(folder / "report.json", json);
  std::vector<PageBlock> blocks{{"report", "application/json", json},
                                {"view", "application/json", view_json(view, meshes, volumes.dose_unit_gy())}};
  for (PageBlock& block : volumes.blocks()) blocks.push_back(std::move(block));
  write_file_atomically(folder / "report.html", filled_page(page_template(), blocks));
}

}  // namespace sbrt
