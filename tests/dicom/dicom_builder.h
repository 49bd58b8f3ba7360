/// Small DICOM files made with DCMTK alone, so that reading is tested against another writer than our own.
#pragma once

#include "geometry/grid.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

namespace sbrt::dicom::test {

/// A new folder that disappears with its content.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sbrt-dicom-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  item.putAndInsertString(tag, value.c_str());
}

inline std::string joined(const std::vector<double>& values) {
  std::string all;
  char one[40];
  for (const double v : values) {
    std::snprintf(one, sizeof one, "%.10g", v);
    all += (all.empty() ? "" : "\\") + std::string(one);
  }
  return all;
}

inline void save(DcmDataset& dataset, const std::filesystem::path& path,
                 E_TransferSyntax syntax = EXS_LittleEndianExplicit) {
  DcmFileFormat file(&dataset);
  const OFCondition status = file.saveFile(OFFilename(path.c_str()), syntax);
  if (status.bad()) throw std::runtime_error(std::string("test file: ") + status.text());
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

inline void put_patient(DcmItem& d, const std::string& patient_id = "P1") {
  put(d, DCM_PatientName, "Test^Case");
  put(d, DCM_PatientID, patient_id);
  put(d, DCM_StudyInstanceUID, "1.2.3.10");
  put(d, DCM_StudyDate, "20200102");
}

/// A CT whose stored value at (i, j, k) is stored(i, j, k); axis traps on purpose: sizes, spacings and origin all
/// differ.
struct CtRecipe {
  int columns = 7, rows = 5;
  double spacing_x = 0.8, spacing_y = 1.3;
  Axes axes;
  PatientPoint origin{-31.5, 12.25, 101.75};
  std::vector<double> positions_mm{0, 2, 4, 6, 8, 10};  //!< of slices along the normal
  std::function<int(int, int, int)> stored = [](int i, int j, int k) { return 1000 + i + 20 * j + 300 * k; };
  bool is_signed = true;
  int bits_stored = 16;
  std::string series_uid = "1.2.3.20", frame_uid = "1.2.3.30", patient_id = "P1", position = "HFS";
  std::vector<double> slopes{1}, intercepts{-1024};  //!< per slice; the last one repeats

  PatientPoint slice_origin(int k) const { return origin + positions_mm[std::size_t(k)] * axes.k; }
  std::string instance_uid(int k) const { return series_uid + ".1" + std::to_string(k); }
};

inline DcmDataset ct_slice(const CtRecipe& r, int k) {
  DcmDataset d;
  const auto at = [&](const std::vector<double>& v) { return v[std::min(std::size_t(k), v.size() - 1)]; };
  put(d, DCM_SOPClassUID, UID_CTImageStorage);
  put(d, DCM_SOPInstanceUID, r.instance_uid(k));
  put(d, DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
  put(d, DCM_Modality, "CT");
  put_patient(d, r.patient_id);
  put(d, DCM_SeriesInstanceUID, r.series_uid);
  put(d, DCM_FrameOfReferenceUID, r.frame_uid);
  put(d, DCM_SeriesDescription, "Recipe");
  put(d, DCM_PatientPosition, r.position);
  const PatientPoint p = r.slice_origin(k);
  put(d, DCM_ImagePositionPatient, joined({p.x, p.y, p.z}));
  put(d, DCM_ImageOrientationPatient, joined({r.axes.i.x, r.axes.i.y, r.axes.i.z, r.axes.j.x, r.axes.j.y, r.axes.j.z}));
  put(d, DCM_PixelSpacing, joined({r.spacing_y, r.spacing_x}));
  put(d, DCM_RescaleSlope, joined({at(r.slopes)}));
  put(d, DCM_RescaleIntercept, joined({at(r.intercepts)}));
  put(d, DCM_RescaleType, "HU");
  put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
  d.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  d.putAndInsertUint16(DCM_Rows, Uint16(r.rows));
  d.putAndInsertUint16(DCM_Columns, Uint16(r.columns));
  d.putAndInsertUint16(DCM_BitsAllocated, 16);
  d.putAndInsertUint16(DCM_BitsStored, Uint16(r.bits_stored));
  d.putAndInsertUint16(DCM_HighBit, Uint16(r.bits_stored - 1));
  d.putAndInsertUint16(DCM_PixelRepresentation, r.is_signed);
  std::vector<Uint16> pixels;
  const unsigned mask = (1u << r.bits_stored) - 1u;
  for (int j = 0; j < r.rows; ++j)
    for (int i = 0; i < r.columns; ++i) pixels.push_back(Uint16(unsigned(r.stored(i, j, k)) & mask));
  d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
  return d;
}

/// Writes all slices; `edit` may change each data set first, and returns false to leave the slice out.
inline void write_ct_files(const CtRecipe& r, const std::filesystem::path& folder,
                           const std::function<bool(DcmDataset&, int)>& edit = {},
                           E_TransferSyntax syntax = EXS_LittleEndianExplicit) {
  std::filesystem::create_directories(folder);
  for (int k = 0; k < int(r.positions_mm.size()); ++k) {
    DcmDataset d = ct_slice(r, k);
    if (edit && !edit(d, k)) continue;
    // Names in another order than the slices.
    save(d, folder / ("s" + std::to_string((k * 7 + 3) % 101) + "_" + std::to_string(k) + ".dcm"), syntax);
  }
}

inline DcmItem& append_item(DcmItem& item, const DcmTagKey& tag) {
  DcmItem* child = nullptr;
  item.findOrCreateSequenceItem(tag, child, -2);
  return *child;
}

struct ContourRecipe {
  std::string type = "CLOSED_PLANAR";
  std::vector<double> data;
};
struct RoiRecipe {
  int number = 1;
  std::string name = "GTV", type;
  std::vector<ContourRecipe> contours;
};
inline ContourRecipe square(double z, double half = 5) {
  return {"CLOSED_PLANAR", {-half, -half, z, half, -half, z, half, half, z, -half, half, z}};
}

inline DcmDataset structure_set(const std::vector<RoiRecipe>& rois, const std::string& frame_uid = "1.2.3.30",
                                const std::string& series_uid = "1.2.3.20") {
  DcmDataset d;
  put(d, DCM_SOPClassUID, UID_RTStructureSetStorage);
  put(d, DCM_SOPInstanceUID, "1.2.3.40");
  put(d, DCM_Modality, "RTSTRUCT");
  put_patient(d);
  put(d, DCM_SeriesInstanceUID, "1.2.3.41");
  put(d, DCM_StructureSetLabel, "Drawn");
  if (!frame_uid.empty() || !series_uid.empty()) {
    DcmItem& frame = append_item(d, DCM_ReferencedFrameOfReferenceSequence);
    if (!frame_uid.empty()) put(frame, DCM_FrameOfReferenceUID, frame_uid);
    if (!series_uid.empty()) {
      DcmItem& study = append_item(frame, DCM_RTReferencedStudySequence);
      put(append_item(study, DCM_RTReferencedSeriesSequence), DCM_SeriesInstanceUID, series_uid);
    }
  }
  for (const auto& roi : rois) {
    DcmItem& item = append_item(d, DCM_StructureSetROISequence);
    put(item, DCM_ROINumber, std::to_string(roi.number));
    if (!frame_uid.empty()) put(item, DCM_ReferencedFrameOfReferenceUID, frame_uid);
    put(item, DCM_ROIName, roi.name);
  }
  for (const auto& roi : rois) {
    DcmItem& item = append_item(d, DCM_ROIContourSequence);
    put(item, DCM_ReferencedROINumber, std::to_string(roi.number));
    put(item, DCM_ROIDisplayColor, "10\\20\\255");
    for (const auto& contour : roi.contours) {
      DcmItem& c = append_item(item, DCM_ContourSequence);
      put(c, DCM_ContourGeometricType, contour.type);
      put(c, DCM_NumberOfContourPoints, std::to_string(contour.data.size() / 3));
      put(c, DCM_ContourData, joined(contour.data));
    }
  }
  for (const auto& roi : rois) {
    DcmItem& item = append_item(d, DCM_RTROIObservationsSequence);
    put(item, DCM_ReferencedROINumber, std::to_string(roi.number));
    put(item, DCM_RTROIInterpretedType, roi.type);
  }
  return d;
}

struct DoseRecipe {
  int columns = 4, rows = 3;
  double spacing_x = 2.5, spacing_y = 3;
  Axes axes;
  PatientPoint origin{-10, 20, 30};
  std::vector<double> offsets{0, 2, 4, 6, 8};  //!< GridFrameOffsetVector as written
  std::function<std::uint32_t(int, int, int)> stored = [](int i, int j, int f) {
    return std::uint32_t(70000 + i + 10 * j + 100 * f);
  };
  int bits = 32;
  double scaling = 1e-4;
};

inline DcmDataset dose(const DoseRecipe& r) {
  DcmDataset d;
  put(d, DCM_SOPClassUID, UID_RTDoseStorage);
  put(d, DCM_SOPInstanceUID, "1.2.3.50");
  put(d, DCM_Modality, "RTDOSE");
  put_patient(d);
  put(d, DCM_FrameOfReferenceUID, "1.2.3.30");
  put(d, DCM_ImagePositionPatient, joined({r.origin.x, r.origin.y, r.origin.z}));
  put(d, DCM_ImageOrientationPatient, joined({r.axes.i.x, r.axes.i.y, r.axes.i.z, r.axes.j.x, r.axes.j.y, r.axes.j.z}));
  put(d, DCM_PixelSpacing, joined({r.spacing_y, r.spacing_x}));
  put(d, DCM_NumberOfFrames, std::to_string(r.offsets.size()));
  put(d, DCM_GridFrameOffsetVector, joined(r.offsets));
  put(d, DCM_DoseUnits, "GY");
  put(d, DCM_DoseType, "PHYSICAL");
  put(d, DCM_DoseSummationType, "PLAN");
  put(d, DCM_DoseGridScaling, joined({r.scaling}));
  put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
  d.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  d.putAndInsertUint16(DCM_Rows, Uint16(r.rows));
  d.putAndInsertUint16(DCM_Columns, Uint16(r.columns));
  d.putAndInsertUint16(DCM_BitsAllocated, Uint16(r.bits));
  d.putAndInsertUint16(DCM_BitsStored, Uint16(r.bits));
  d.putAndInsertUint16(DCM_HighBit, Uint16(r.bits - 1));
  d.putAndInsertUint16(DCM_PixelRepresentation, 0);
  std::vector<Uint16> words;
  for (int f = 0; f < int(r.offsets.size()); ++f)
    for (int j = 0; j < r.rows; ++j)
      for (int i = 0; i < r.columns; ++i) {
        const std::uint32_t value = r.stored(i, j, f);
        words.push_back(Uint16(value & 0xFFFF));
        if (r.bits == 32) words.push_back(Uint16(value >> 16));
      }
  d.putAndInsertUint16Array(DCM_PixelData, words.data(), words.size());
  return d;
}

}  // namespace sbrt::dicom::test
