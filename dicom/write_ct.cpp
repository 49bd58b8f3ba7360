#include "dicom/detail/dataset.h"
#include "dicom/detail/export_dataset.h"
#include "geometry/error.h"
#include "geometry/parallel.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace sbrt::dicom {
namespace {

std::vector<Uint16> pixels_of_slice(const CtImage& image, int k) {
  const GridSize size = image.grid().size();
  const std::size_t count = std::size_t(size.nx) * std::size_t(size.ny);
  const float* const values = image.values().data() + std::size_t(k) * count;
  std::vector<Uint16> pixels(count);
  for (std::size_t n = 0; n < count; ++n) {
    const double hu = std::round(double(values[n]));
    if (!(hu >= std::numeric_limits<Sint16>::min() && hu <= std::numeric_limits<Sint16>::max()))
      throw InputError(fmt::format("CT number {}", values[n]), fmt::format("slice {}, pixel {}", k, n),
                       "a CT file holds whole numbers from -32768 to 32767", "check the image");
    pixels[n] = Uint16(Sint16(hu));
  }
  return pixels;
}

void put_geometry(DcmItem& dataset, const Grid& grid, PatientPoint position) {
  const Axes& axes = grid.axes();
  const auto spacing = grid.spacing_mm();
  put(dataset, DCM_ImagePositionPatient, decimal_strings({position.x, position.y, position.z}));
  put(dataset, DCM_ImageOrientationPatient,
      decimal_strings({axes.i.x, axes.i.y, axes.i.z, axes.j.x, axes.j.y, axes.j.z}));
  put(dataset, DCM_PixelSpacing, decimal_strings({spacing[1], spacing[0]}));  // between rows, between columns
  put(dataset, DCM_SliceThickness, decimal_string(spacing[2]));
}

void put_pixels(DcmItem& dataset, const CtImage& image, int k) {
  put(dataset, DCM_SamplesPerPixel, Uint16(1));
  put(dataset, DCM_PhotometricInterpretation, std::string("MONOCHROME2"));
  put(dataset, DCM_Rows, Uint16(image.grid().size().ny));
  put(dataset, DCM_Columns, Uint16(image.grid().size().nx));
  put(dataset, DCM_BitsAllocated, Uint16(16));
  put(dataset, DCM_BitsStored, Uint16(16));
  put(dataset, DCM_HighBit, Uint16(15));
  put(dataset, DCM_PixelRepresentation, Uint16(1));
  put(dataset, DCM_RescaleIntercept, std::string("0"));
  put(dataset, DCM_RescaleSlope, std::string("1"));
  put(dataset, DCM_RescaleType, std::string("HU"));
  const std::vector<Uint16> pixels = pixels_of_slice(image, k);
  SBRT_EXPECT(dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()).good());
}

}  // namespace

CtSeries write_ct(const CtImage& image, const CtExport& info, const ProgramInfo& program,
                  const std::filesystem::path& folder) {
  detail::prepare_dcmtk();
  const Grid& grid = image.grid();
  const GridSize size = grid.size();
  constexpr int largest_matrix = std::numeric_limits<Uint16>::max();
  if (size.nx > largest_matrix || size.ny > largest_matrix)
    throw InputError(fmt::format("{} x {} pixels", size.nx, size.ny), "CT export",
                     "a DICOM image has at most 65535 x 65535", "choose a coarser grid");
  SBRT_EXPECT(!info.series_instance_uid.empty());

  CtSeries series;
  series.patient_study = info.patient_study;
  series.series_instance_uid = info.series_instance_uid;
  series.frame_of_reference_uid = frame_of_reference_or_derived(info.frame_of_reference_uid, info.patient_study);
  series.series_description = with_statement(info.series_description, longest_long_string);
  series.manufacturer = "sbrtplan";
  series.patient_position = info.patient_position;
  series.body_part_examined = info.body_part_examined;
  series.rows = size.ny;
  series.columns = size.nx;
  series.pixel_spacing_mm = {grid.spacing_mm()[0], grid.spacing_mm()[1]};
  series.axes = grid.axes();
  series.slices.resize(std::size_t(size.nz));

  parallel_for(size.nz, [&](std::int64_t index) {
    const int k = int(index);
    const PatientPoint position = grid.voxel_centre(0, 0, k);
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    put_patient_study(dataset, info.patient_study, "CT export");
    put_series_equipment(dataset, info.patient_study, "CT", info.series_description, program);
    put(dataset, DCM_SeriesInstanceUID, info.series_instance_uid);
    put_frame_of_reference(dataset, series.frame_of_reference_uid, "");
    put(dataset, DCM_PatientPosition, info.patient_position);
    if (!info.body_part_examined.empty()) put(dataset, DCM_BodyPartExamined, info.body_part_examined);
    put(dataset, DCM_Laterality, std::string());
    put(dataset, DCM_ImageType, std::string("DERIVED\\SECONDARY\\AXIAL"));
    put(dataset, DCM_InstanceNumber, std::to_string(k + 1));
    put(dataset, DCM_AcquisitionNumber, std::string());
    put(dataset, DCM_KVP, std::string());
    put_geometry(dataset, grid, position);
    put_pixels(dataset, image, k);
    put_identity(dataset, UID_CTImageStorage, info.series_instance_uid + "/" + std::to_string(k), false);
    CtSlice& slice = series.slices[std::size_t(k)];
    slice.path = folder / fmt::format("CT{:04}.dcm", k + 1);
    slice.position = position;
    slice.reference = save(file, EXS_LittleEndianExplicit, slice.path);
  });
  return series;
}

}  // namespace sbrt::dicom
