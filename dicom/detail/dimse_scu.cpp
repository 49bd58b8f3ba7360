#include "dicom/detail/dimse_scu.h"

#include "dicom/detail/dataset.h"
#include "geometry/error.h"

#include <dcmtk/dcmnet/dimse.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>

namespace sbrt::dicom::detail {
namespace fs = std::filesystem;

std::optional<fs::path> ReceivedFiles::begin(const std::string& uid) {
  if (is_uid(uid)) return folder_ / (uid + ".part");
  result_.refused.push_back(fmt::format("an object whose SOP instance UID is not one ({} bytes)", uid.size()));
  return std::nullopt;
}

bool ReceivedFiles::complete(const std::string& uid) {
  const fs::path goal = folder_ / (uid + ".dcm");
  std::error_code error;
  fs::rename(folder_ / (uid + ".part"), goal, error);
  if (error) {
    fail(uid, error.message());
    return false;
  }
  result_.files.push_back(goal);
  try {
    progress_->advance();
  } catch (const Cancelled&) {
    cancelled_ = true;  // DCMTK's frames between here and the caller do not expect exceptions
    return false;
  }
  return true;
}

void ReceivedFiles::fail(const std::string& uid, const std::string& reason) {
  std::error_code ignored;
  if (is_uid(uid)) fs::remove(folder_ / (uid + ".part"), ignored);
  result_.refused.push_back(uid + ": " + reason);
}

Retrieved ReceivedFiles::take() {
  std::sort(result_.files.begin(), result_.files.end());
  // An object that came twice was written twice under one name.
  result_.files.erase(std::unique(result_.files.begin(), result_.files.end()), result_.files.end());
  return std::move(result_);
}

void prepare_network() {
  static std::once_flag once;
  std::call_once(once, [] {
    prepare_dcmtk();
    setenv("TCP_NODELAY", "1", 0);
    dcmDisableGethostbyaddr.set(OFTrue);  // a name server that is away would cost half a minute
  });
}

Association::Association(const DimseAddress& address, const DimseOptions& options) : where_(to_text(address)) {
  prepare_network();
  setAETitle(options.calling_ae_title.c_str());
  setPeerAETitle(address.ae_title.c_str());
  setPeerHostName(address.host.c_str());
  setPeerPort(Uint16(address.port));
  setMaxReceivePDULength(ASC_MAXIMUMPDUSIZE);
  setDIMSEBlockingMode(DIMSE_NONBLOCKING);
  setDIMSETimeout(Uint32(options.timeout_s));
  setACSETimeout(Uint32(options.timeout_s));
  setConnectionTimeout(options.timeout_s);
  setProgressNotificationMode(OFFalse);
}

void Association::want(const char* abstract_syntax) {
  OFList<OFString> syntaxes;
  for (const char* syntax : {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax})
    syntaxes.push_back(syntax);
  addPresentationContext(abstract_syntax, syntaxes);
}

void Association::want_to_receive(const std::vector<const char*>& abstract_syntaxes) {
  for (const char* abstract_syntax : abstract_syntaxes)
    for (const char* syntax : storage_syntaxes()) {
      OFList<OFString> one;
      one.push_back(syntax);
      addPresentationContext(abstract_syntax, one, ASC_SC_ROLE_SCP);
    }
}

void Association::want_to_send(const std::string& abstract_syntax, const std::string& transfer_syntax) {
  OFList<OFString> one;
  one.push_back(transfer_syntax.c_str());
  addPresentationContext(abstract_syntax.c_str(), one);
}

void Association::open() {
  check(initNetwork(), "preparing the association");
  const OFCondition condition = negotiateAssociation();
  if (condition.good()) return;
  if (condition == DUL_ASSOCIATIONREJECTED)
    throw DimseUnavailable(
        "the archive rejects the association", where_,
        fmt::format("called AE title '{}', calling AE title '{}'", getPeerAETitle().c_str(), getAETitle().c_str()),
        "check both titles; the archive may have to know the caller (--aet)");
  if (condition == NET_EC_NoAcceptablePresentationContexts)
    throw DimseUnavailable("the archive offers none of the services asked for", where_, condition.text(),
                           "check its configuration");
  throw DimseUnavailable("the archive does not answer", where_, condition.text(),
                         "check that it runs, its host, its port, and that it knows the calling AE title (--aet)");
}

T_ASC_PresentationContextID Association::context(const char* abstract_syntax, const char* service) {
  const T_ASC_PresentationContextID id = findPresentationContextID(abstract_syntax, "");
  if (id == 0)
    throw DimseUnavailable(fmt::format("the archive does not offer {}", service), where_,
                           "it accepted the association only", "allow it in the archive's configuration");
  return id;
}

void Association::check(const OFCondition& condition, const std::string& doing) const {
  if (condition.bad())
    throw DimseUnavailable("the archive broke off", where_, fmt::format("{}: {}", doing, condition.text()),
                           "check the archive and start again");
}

void Association::receive_into(ReceivedFiles& files) {
  received_ = &files;
  setStorageMode(DCMSCU_STORAGE_BIT_PRESERVING);
}

OFCondition Association::handleSTORERequestFile(T_ASC_PresentationContextID* id, const OFString&,
                                                T_DIMSE_C_StoreRQ* request) {
  const std::string uid = request->AffectedSOPInstanceUID;
  const auto part = received_->begin(uid);
  if (!part) return ignoreSTORERequest(*id, *request);
  const OFCondition condition = DcmSCU::handleSTORERequestFile(id, part->c_str(), request);
  if (condition.bad()) {
    received_->fail(uid, condition.text());
    return condition;
  }
  return received_->complete(uid) ? condition : OFCondition(EC_IllegalCall);
}

const std::vector<const char*>& storage_classes() {
  static const std::vector<const char*> classes{UID_CTImageStorage, UID_RTStructureSetStorage, UID_RTDoseStorage,
                                                UID_RTPlanStorage};
  return classes;
}

const std::vector<const char*>& storage_syntaxes() {
  static const std::vector<const char*> syntaxes{
      UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax,
      UID_BigEndianExplicitTransferSyntax,    UID_DeflatedExplicitVRLittleEndianTransferSyntax,
      UID_JPEGProcess14SV1TransferSyntax,     UID_JPEGProcess14TransferSyntax,
      UID_JPEGLSLosslessTransferSyntax,       UID_JPEGLSLossyTransferSyntax,
      UID_JPEG2000LosslessOnlyTransferSyntax, UID_JPEG2000TransferSyntax,
      UID_RLELosslessTransferSyntax,          UID_JPEGProcess1TransferSyntax,
      UID_JPEGProcess2_4TransferSyntax,
  };
  return syntaxes;
}

// PS3.7 C and PS3.4 B.2.3: the first digits tell the kind.
std::string dimse_status_text(unsigned status) {
  const char* kind = (status & 0xff00) == 0xa700   ? "out of resources"
                     : (status & 0xff00) == 0xa900 ? "data set does not match its SOP class"
                     : (status & 0xf000) == 0xc000 ? "cannot be understood or processed"
                     : status == 0x0122            ? "SOP class not supported"
                     : status == 0x0124            ? "not authorised"
                                                   : "failure";
  return fmt::format("0x{:04x} ({})", status, kind);
}

}  // namespace sbrt::dicom::detail
