#include "dicom/network.h"

#include "dicom/detail/dataset.h"
#include "dicom/detail/dimse_scp.h"
#include "dicom/detail/dimse_scu.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

namespace sbrt::dicom {
namespace fs = std::filesystem;
using detail::Association;
using detail::ReceivedFiles;
namespace {

constexpr std::string_view scheme = "dimse://";

void check_ae_title(const std::string& title, const std::string& where) {
  const bool printable =
      std::all_of(title.begin(), title.end(), [](char c) { return c > ' ' && c < 127 && c != '\\'; });
  if (title.empty() || title.size() > 16 || !printable)
    throw InputError(fmt::format("'{}' is no AE title", title), where, "it has 1 to 16 printable ASCII characters",
                     "write dimse://AET@host:port");
}

void set(DcmDataset& keys, const DcmTagKey& tag, const std::string& value) {
  keys.putAndInsertString(tag, value.c_str());
}

// The answers of one C-FIND.
std::vector<std::unique_ptr<DcmDataset>> find(Association& association, DcmDataset& keys) {
  const auto context = association.context(UID_FINDStudyRootQueryRetrieveInformationModel, "C-FIND (study root)");
  OFList<QRResponse*> responses;
  const OFCondition condition = association.sendFINDRequest(context, &keys, &responses);
  std::vector<std::unique_ptr<DcmDataset>> found;
  unsigned last = 0;
  for (QRResponse* response : responses) {
    last = response->m_status;
    if (response->m_dataset) found.emplace_back(std::exchange(response->m_dataset, nullptr));
    delete response;
  }
  association.check(condition, "C-FIND");
  if (last != STATUS_Success)
    throw InputError("the archive could not search",
                     to_text({association.getPeerAETitle().c_str(), association.getPeerHostName().c_str(),
                              association.getPeerPort()}),
                     "status " + detail::dimse_status_text(last), "look into the archive's log");
  for (auto& dataset : found) (void)dataset->convertToUTF8();  // as stored where it cannot be converted
  return found;
}

std::string date_range(const DimseQuery& query) {
  if (query.first_date == query.last_date) return query.first_date;  // also where both are open
  return query.first_date + "-" + query.last_date;
}

std::vector<PatientStudy> find_studies(Association& association, const DimseQuery& query) {
  DcmDataset keys;
  set(keys, DCM_SpecificCharacterSet, "ISO_IR 192");
  set(keys, DCM_QueryRetrieveLevel, "STUDY");
  for (const auto& tag :
       {DCM_StudyInstanceUID, DCM_PatientID, DCM_PatientName, DCM_PatientBirthDate, DCM_PatientSex, DCM_StudyID,
        DCM_StudyTime, DCM_AccessionNumber, DCM_ReferringPhysicianName, DCM_StudyDescription})
    set(keys, tag, "");
  set(keys, DCM_StudyDate, date_range(query));
  std::vector<PatientStudy> studies;
  for (const auto& dataset : find(association, keys)) studies.push_back(detail::patient_study_of(*dataset));
  return studies;
}

std::vector<FoundSeries> find_series_of(Association& association, const PatientStudy& study) {
  DcmDataset keys;
  set(keys, DCM_SpecificCharacterSet, "ISO_IR 192");
  set(keys, DCM_QueryRetrieveLevel, "SERIES");
  set(keys, DCM_StudyInstanceUID, study.study_instance_uid);
  for (const auto& tag : {DCM_SeriesInstanceUID, DCM_Modality, DCM_SeriesDescription, DCM_BodyPartExamined,
                          DCM_NumberOfSeriesRelatedInstances})
    set(keys, tag, "");
  std::vector<FoundSeries> series;
  for (const auto& dataset : find(association, keys)) {
    FoundSeries one;
    one.patient_study = study;
    one.series_instance_uid = detail::text(*dataset, DCM_SeriesInstanceUID);
    one.modality = detail::text(*dataset, DCM_Modality);
    one.series_description = detail::text(*dataset, DCM_SeriesDescription);
    one.body_part = detail::text(*dataset, DCM_BodyPartExamined);
    if (const auto count = detail::integer(*dataset, DCM_NumberOfSeriesRelatedInstances)) one.instances = int(*count);
    series.push_back(std::move(one));
  }
  return series;
}

void check_uid(const std::string& uid, const std::string& what) {
  if (!is_uid(uid))
    throw InputError(fmt::format("'{}' is no UID", uid), what, "a UID has 1 to 64 digits and dots",
                     "correct it in the archive");
}

std::vector<InstanceReference> find_objects(Association& association, const std::string& study_uid,
                                            const std::string& series_uid) {
  DcmDataset keys;
  set(keys, DCM_QueryRetrieveLevel, "IMAGE");
  set(keys, DCM_StudyInstanceUID, study_uid);
  set(keys, DCM_SeriesInstanceUID, series_uid);
  set(keys, DCM_SOPInstanceUID, "");
  set(keys, DCM_SOPClassUID, "");
  std::vector<InstanceReference> objects;
  for (const auto& dataset : find(association, keys)) objects.push_back(detail::reference_of(*dataset));
  std::sort(objects.begin(), objects.end(),
            [](const auto& a, const auto& b) { return a.sop_instance_uid < b.sop_instance_uid; });
  return objects;
}

// What is wrong with the last of the answers of a C-GET or C-MOVE; empty when all objects came.
std::string retrieve_failure(const OFList<RetrieveResponse*>& responses) {
  if (responses.empty()) return "it sent no answer";
  const RetrieveResponse& last = *responses.back();
  if (last.m_numberOfFailedSubops > 0)
    return fmt::format("{} of its objects could not be sent (status 0x{:04x})", last.m_numberOfFailedSubops,
                       last.m_status);
  if (last.m_status == STATUS_MOVE_Refused_MoveDestinationUnknown)
    return "it does not know the AE title of this store port";
  if (last.m_status != STATUS_Success && last.m_status != 0xb000) return fmt::format("status 0x{:04x}", last.m_status);
  return {};
}

}  // namespace

bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos;
}

bool is_dimse_address(std::string_view source) { return source.substr(0, scheme.size()) == scheme; }

DimseAddress parse_dimse_address(std::string_view source) {
  const std::string where(source);
  const auto wrong = [&](const std::string& problem, const std::string& why) -> InputError {
    return InputError(problem, where, why, "write dimse://AET@host:port, for example dimse://ORTHANC@127.0.0.1:4242");
  };
  if (!is_dimse_address(source)) throw wrong("no address of an archive", "it does not begin with dimse://");
  const std::string_view rest = source.substr(scheme.size());
  const auto at = rest.find('@');
  if (at == std::string_view::npos) throw wrong("the AE title is missing", "there is no '@'");
  DimseAddress address;
  address.ae_title = rest.substr(0, at);
  check_ae_title(address.ae_title, where);
  const std::string_view host_port = rest.substr(at + 1);
  const auto colon = host_port.rfind(':');
  if (colon == std::string_view::npos) throw wrong("the port is missing", "there is no ':' behind the host");
  address.host = host_port.substr(0, colon);
  if (address.host.empty() || address.host.size() > 57 || address.host.find_first_of("/@ \t") != std::string::npos)
    throw wrong("no host", fmt::format("'{}'", address.host));
  const std::string_view port = host_port.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size() || address.port < 1 || address.port > 65535)
    throw wrong(fmt::format("'{}' is no port", port), "it is a number from 1 to 65535");
  return address;
}

std::string to_text(const DimseAddress& address) {
  return fmt::format("{}{}@{}:{}", scheme, address.ae_title, address.host, address.port);
}

DimseArchive::DimseArchive(DimseAddress address, DimseOptions options)
    : address_(std::move(address)), options_(std::move(options)) {
  check_ae_title(address_.ae_title, to_text(address_));
  check_ae_title(options_.calling_ae_title, "calling AE title (--aet)");
  if (options_.timeout_s < 1 || options_.timeout_s > 3600)
    throw InputError(fmt::format("time-out of {} s", options_.timeout_s), "--timeout", "it is from 1 to 3600 s",
                     "choose another");
  if (options_.store_port < 0 || options_.store_port > 65535)
    throw InputError(fmt::format("{} is no port", options_.store_port), "--store-port", "it is from 1 to 65535",
                     "choose another");
}

void DimseArchive::echo() const {
  Association association(address_, options_);
  association.want(UID_VerificationSOPClass);
  association.open();
  association.check(association.sendECHORequest(0), "C-ECHO");
  (void)association.releaseAssociation();
}

std::vector<FoundSeries> DimseArchive::find_series(const DimseQuery& query, Progress& progress) const {
  Association association(address_, options_);
  association.want(UID_FINDStudyRootQueryRetrieveInformationModel);
  association.open();
  std::vector<PatientStudy> studies = find_studies(association, query);
  if (query.wanted) std::erase_if(studies, [&](const PatientStudy& study) { return !query.wanted(study); });
  const auto& by_object = query.with_objects_of;
  std::vector<FoundSeries> series;
  progress.begin("searching", std::int64_t(studies.size()));
  for (const PatientStudy& study : studies) {
    for (FoundSeries& one : find_series_of(association, study)) {
      if (std::find(by_object.begin(), by_object.end(), one.modality) != by_object.end())
        one.objects = find_objects(association, study.study_instance_uid, one.series_instance_uid);
      series.push_back(std::move(one));
    }
    progress.advance();
  }
  progress.end();
  (void)association.releaseAssociation();
  const auto key = [](const FoundSeries& s) {
    return std::tie(s.patient_study.patient_id, s.patient_study.study_instance_uid, s.series_instance_uid);
  };
  std::sort(series.begin(), series.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return series;
}

Retrieved DimseArchive::retrieve(const std::string& study_uid, const std::string& series_uid,
                                 const std::string& sop_instance_uid, const fs::path& folder,
                                 Progress& progress) const {
  check_uid(study_uid, "study");
  check_uid(series_uid, "series");
  if (!sop_instance_uid.empty()) check_uid(sop_instance_uid, "object");
  if (!fs::is_directory(folder))
    throw InputError("no such folder", folder.string(), "objects are written into it", "make it first");
  DcmDataset keys;
  set(keys, DCM_QueryRetrieveLevel, sop_instance_uid.empty() ? "SERIES" : "IMAGE");
  set(keys, DCM_StudyInstanceUID, study_uid);
  set(keys, DCM_SeriesInstanceUID, series_uid);
  if (!sop_instance_uid.empty()) set(keys, DCM_SOPInstanceUID, sop_instance_uid);

  ReceivedFiles received(folder, progress);
  Association association(address_, options_);
  OFList<RetrieveResponse*> responses;
  OFCondition condition;
  if (options_.store_port == 0) {
    association.want(UID_GETStudyRootQueryRetrieveInformationModel);
    association.want_to_receive(detail::storage_classes());
    association.open();
    association.receive_into(received);
    condition = association.sendCGETRequest(
        association.context(UID_GETStudyRootQueryRetrieveInformationModel, "C-GET (study root)"), &keys, &responses);
  } else {
    const detail::StorePort port(options_, received);
    association.want(UID_MOVEStudyRootQueryRetrieveInformationModel);
    association.open();
    condition = association.sendMOVERequest(
        association.context(UID_MOVEStudyRootQueryRetrieveInformationModel, "C-MOVE (study root)"),
        options_.calling_ae_title.c_str(), &keys, &responses);
  }
  const std::string failure = retrieve_failure(responses);
  for (RetrieveResponse* response : responses) delete response;
  const bool cancelled = received.cancelled();
  Retrieved result = received.take();
  if (cancelled) throw Cancelled();
  association.check(condition, "retrieving series " + series_uid);
  if (!failure.empty())
    throw InputError("the archive did not send the whole series",
                     fmt::format("{}, series {}", to_text(address_), series_uid),
                     result.refused.empty() ? failure : failure + "; " + result.refused.front(),
                     "look into the archive's log, then start again");
  (void)association.releaseAssociation();
  return result;
}

Stored DimseArchive::store(const std::vector<fs::path>& files, Progress& progress) const {
  Stored result;
  struct Object {
    fs::path path;
    std::string sop_class, syntax;
  };
  std::vector<Object> objects;
  std::set<std::pair<std::string, std::string>> contexts;
  for (const fs::path& path : files) {
    detail::prepare_network();
    DcmFileFormat file;
    OFString sop_class, syntax;
    const OFCondition read = file.loadFile(path.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_metaOnly);
    if (read.bad() || file.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPClassUID, sop_class).bad() ||
        file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax).bad()) {
      result.failed.emplace_back(path, read.bad() ? read.text() : "no DICOM file with file meta information");
      continue;
    }
    objects.push_back({path, sop_class.c_str(), syntax.c_str()});
    contexts.emplace(sop_class.c_str(), syntax.c_str());
  }
  if (objects.empty()) return result;
  Association association(address_, options_);
  for (const auto& [sop_class, syntax] : contexts) association.want_to_send(sop_class, syntax);
  association.open();
  progress.begin("storing", std::int64_t(objects.size()));
  for (const Object& object : objects) {
    const auto context = association.findPresentationContextID(object.sop_class.c_str(), object.syntax.c_str());
    if (context == 0) {
      result.failed.emplace_back(object.path, "the archive does not accept this kind of object in its transfer syntax");
    } else {
      Uint16 status = 0;
      association.check(association.sendSTORERequest(context, object.path.c_str(), nullptr, status),
                        "storing " + object.path.string());
      // 0xbxxx are warnings: stored, with attributes coerced or ignored (PS3.4 B.2.3).
      if (status == STATUS_Success || (status & 0xf000) == 0xb000)
        result.files.push_back(object.path);
      else
        result.failed.emplace_back(object.path, "status " + detail::dimse_status_text(status));
    }
    progress.advance();
  }
  progress.end();
  (void)association.releaseAssociation();
  return result;
}

}  // namespace sbrt::dicom
