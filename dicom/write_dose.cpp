#include "dicom/detail/dataset.h"
#include "dicom/detail/export_dataset.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace sbrt::dicom {
namespace {

double checked_maximum(const DoseGrid& dose, const std::string& where) {
  float maximum = 0;
  for (const float d : dose.values()) {
    if (!(d >= 0 && std::isfinite(d)))
      throw InputError(fmt::format("dose value {} Gy", d), where, "a dose is a number that is not negative",
                       "check the dose that was to be written");
    maximum = std::max(maximum, d);
  }
  return double(maximum);
}

/// A number that a decimal string of 16 characters can say, not below `step` and above it by 1e-9 of it at most.
std::string step_rounded_up(double step) {
  for (int decimals = 12; decimals > 0; --decimals) {
    const double last_place = std::pow(10.0, std::floor(std::log10(step)) - decimals);
    for (const double candidate : {step, step + last_place}) {
      std::string text = fmt::format("{:.{}e}", candidate, decimals);
      if (text[text.size() - 2] == '0') text.erase(text.size() - 2, 1);  // e-08 is e-8: one more digit
      if (text.size() <= 16 && std::stod(text) >= step) return text;
    }
  }
  throw_contract_violation("postcondition", "a step of 16 characters exists", __FILE__, __LINE__);
}

template <class Code>
void put_pixels(DcmItem& dataset, const DoseGrid& dose, double step) {
  const double largest = double(std::numeric_limits<Code>::max());
  std::vector<Code> codes(dose.values().size());
  std::transform(dose.values().begin(), dose.values().end(), codes.begin(), [&](float d) {
    const double code = std::round(double(d) / step);
    SBRT_ENSURE(code <= largest);
    return Code(code);
  });
  // OW is a stream of 16-bit words, the low word of a 32-bit value first.
  static_assert(std::endian::native == std::endian::little);
  const std::size_t words = codes.size() * sizeof(Code) / sizeof(Uint16);
  SBRT_EXPECT(
      dataset.putAndInsertUint16Array(DCM_PixelData, reinterpret_cast<const Uint16*>(codes.data()), words).good());
}

void put_geometry(DcmItem& dataset, const Grid& grid) {
  const Axes& axes = grid.axes();
  const auto spacing = grid.spacing_mm();
  const PatientPoint position = grid.origin();
  put(dataset, DCM_ImagePositionPatient, decimal_strings({position.x, position.y, position.z}));
  put(dataset, DCM_ImageOrientationPatient,
      decimal_strings({axes.i.x, axes.i.y, axes.i.z, axes.j.x, axes.j.y, axes.j.z}));
  put(dataset, DCM_PixelSpacing, decimal_strings({spacing[1], spacing[0]}));  // between rows, between columns
  put(dataset, DCM_SliceThickness, decimal_string(spacing[2]));
  std::vector<double> offsets;
  for (int k = 0; k < grid.size().nz; ++k) offsets.push_back(k * spacing[2]);
  put(dataset, DCM_NumberOfFrames, std::to_string(grid.size().nz));
  put(dataset, DCM_GridFrameOffsetVector, decimal_strings(offsets));
  SBRT_EXPECT(dataset.putAndInsertTagKey(DCM_FrameIncrementPointer, DCM_GridFrameOffsetVector).good());
}

/// ReferencedStructureSetSequence belongs to the RT DVH module, which asks for DVHs; the General Reference module does
/// not.
void put_structures(DcmItem& dataset, const InstanceReference& structures) {
  DcmItem& item = append_item(dataset, DCM_ReferencedInstanceSequence);
  put_reference(item, structures);
  DcmItem& purpose = append_item(item, DCM_PurposeOfReferenceCodeSequence);
  put(purpose, DCM_CodeValue, std::string("STRUCTURES"));
  put(purpose, DCM_CodingSchemeDesignator, std::string("99SBRTPLAN"));
  put(purpose, DCM_CodeMeaning, std::string("Structure set of the planned dose"));
}

void put_source(DcmItem& dataset, const InstanceReference& source) {
  DcmItem& item = append_item(dataset, DCM_SourceInstanceSequence);
  put_reference(item, source);
  DcmItem& purpose = append_item(item, DCM_PurposeOfReferenceCodeSequence);
  put(purpose, DCM_CodeValue, std::string("DOSE"));
  put(purpose, DCM_CodingSchemeDesignator, std::string("99SBRTPLAN"));
  put(purpose, DCM_CodeMeaning, std::string("Dose that this one was computed from"));
}

void check_size(const DoseGrid& dose, int bits, const std::string& where) {
  const GridSize size = dose.grid().size();
  constexpr double largest_element = 4294967294.0;  // 32-bit length, even
  constexpr int largest_matrix = std::numeric_limits<Uint16>::max();
  constexpr int most_frames = 3800;  // 17 bytes per offset in a value of at most 65534
  if (double(dose.values().size()) * bits / 8 > largest_element || size.nx > largest_matrix ||
      size.ny > largest_matrix || size.nz > most_frames)
    throw InputError(fmt::format("dose grid of {} x {} x {} voxels", size.nx, size.ny, size.nz), where,
                     "it is too large for an RTDOSE", "choose a coarser dose grid (--grid-mm)");
}

}  // namespace

InstanceReference write_dose(const DoseGrid& dose, const DoseExport& info, const ProgramInfo& program,
                             const std::filesystem::path& path) {
  detail::prepare_dcmtk();
  SBRT_EXPECT(info.bits == 16 || info.bits == 32);
  check_size(dose, info.bits, path.string());
  const double maximum = checked_maximum(dose, path.string());
  const double largest_code = info.bits == 32 ? 4294967295.0 : 65535.0;
  const std::string scaling = maximum > 0 ? step_rounded_up(maximum / largest_code) : "1";

  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  put_patient_study(dataset, info.patient_study, path.string());
  put_series_equipment(dataset, info.patient_study, "RTDOSE", info.series_description, program);
  put_frame_of_reference(dataset, frame_of_reference_or_derived(info.frame_of_reference_uid, info.patient_study),
                         info.position_reference);
  put(dataset, DCM_InstanceNumber, std::string("1"));
  put(dataset, DCM_SamplesPerPixel, Uint16(1));
  put(dataset, DCM_PhotometricInterpretation, std::string("MONOCHROME2"));
  put(dataset, DCM_Rows, Uint16(dose.grid().size().ny));
  put(dataset, DCM_Columns, Uint16(dose.grid().size().nx));
  put(dataset, DCM_BitsAllocated, Uint16(info.bits));
  put(dataset, DCM_BitsStored, Uint16(info.bits));
  put(dataset, DCM_HighBit, Uint16(info.bits - 1));
  put(dataset, DCM_PixelRepresentation, Uint16(0));
  put_geometry(dataset, dose.grid());
  put(dataset, DCM_DoseUnits, std::string("GY"));
  put(dataset, DCM_DoseType, std::string(info.effective ? "EFFECTIVE" : "PHYSICAL"));
  put(dataset, DCM_DoseComment, with_statement(info.comment, longest_long_string));
  put(dataset, DCM_DoseSummationType, std::string(info.several_plans ? "MULTI_PLAN" : "PLAN"));
  put(dataset, DCM_DoseGridScaling, scaling);
  std::vector<InstanceReference> plans = info.plans;
  if (plans.empty())
    plans = {info.plan.value_or(InstanceReference{UID_RTPlanStorage, uid_from(info.uid_seed + "/plan")})};
  for (const InstanceReference& plan : plans) put_reference(append_item(dataset, DCM_ReferencedRTPlanSequence), plan);
  for (const InstanceReference& source : info.sources) put_source(dataset, source);
  if (!info.derivation.empty()) put(dataset, DCM_DerivationDescription, one_line(info.derivation, longest_short_text));
  if (info.structures) put_structures(dataset, *info.structures);
  if (info.bits == 32)
    put_pixels<Uint32>(dataset, dose, std::stod(scaling));
  else
    put_pixels<Uint16>(dataset, dose, std::stod(scaling));
  put_identity(dataset, UID_RTDoseStorage, info.uid_seed, true);
  return save(file, EXS_LittleEndianExplicit, path);
}

}  // namespace sbrt::dicom
