#include "engine/report/report_folder.h"

#include "engine/report/dvh_csv.h"
#include "engine/report/report_page.h"
#include "engine/report/report_tables.h"
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
  for (const char c : name)
    plain += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' ? c : '_';
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
  Volumes(const ReportView& view, const fs::path& folder) : view_(view), folder_(folder) {
    fs::create_directories(folder / "volumes" / "masks");
    if (view.ct) ct_ = displayed_ct(*view.ct, box_of(view));
    if (view.dose) dose_ = displayed_dose(*view.dose, view.ct ? &view.ct->grid().axes() : nullptr);
  }

  double dose_unit_gy() const { return dose_ ? dose_->unit_gy : 0; }

  void write(Progress& progress) {
    std::vector<std::function<void()>> jobs;
    if (ct_)
      jobs.push_back([this] { write_volume(ct_->grid, ct_->values, path("ct.nii.gz")); });
    if (dose_) {
      jobs.push_back([this] { write_volume(dose_->image.grid, dose_->image.values, path(".page-dose.nii.gz")); });
      jobs.push_back([this] { write_volume(view_.dose->grid(), view_.dose->values(), path("dose.nrrd")); });
    }
    if (const Grid* image = mask_grid())
      for (std::size_t i = 0; i < view_.structures.size(); ++i)
        jobs.push_back([this, i, image] {
          const DisplayedMask mask = displayed_mask(view_.structures[i].shape, *image);
          write_volume(mask.grid, mask.values, path("masks/" + mask_file(i + 1, name(i))));
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
        files.push_back(
            {"volumes/masks/" + mask_file(i + 1, name(i)), name(i) + ": percentage of each voxel inside the structure"});
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

 private:
  fs::path path(const std::string& name) const { return folder_ / "volumes" / name; }
  const std::string& name(std::size_t i) const { return view_.structures[i].shape.name(); }
  const Grid* mask_grid() const { return ct_ ? &ct_->grid : dose_ ? &dose_->image.grid : nullptr; }

  const ReportView& view_;
  fs::path folder_;
  std::optional<DisplayedImage> ct_;
  std::optional<DisplayedDose> dose_;
};

}  // namespace

const std::vector<std::string>& report_folder_entries() {
  static const std::vector<std::string> entries{"report.json", "report.html", "volumes", "tables"};
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
  const std::string json = to_json(report);
  write_file_atomically(folder / "report.json", json);
  std::vector<PageBlock> blocks{{"report", "application/json", json},
                                {"view", "application/json", view_json(view, volumes.dose_unit_gy())}};
  for (PageBlock& block : volumes.blocks()) blocks.push_back(std::move(block));
  write_file_atomically(folder / "report.html", filled_page(page_template(), blocks));
}

}  // namespace sbrt
