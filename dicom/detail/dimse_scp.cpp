#include "dicom/detail/dimse_scp.h"

#include "geometry/error.h"

#include <dcmtk/dcmnet/scp.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>

namespace sbrt::dicom::detail {

class StorePort::Listener : public DcmSCP {
 public:
  Listener(const DimseOptions& options, ReceivedFiles& files) : files_(files) {
    prepare_network();
    setPort(Uint16(options.store_port));
    setAETitle(options.calling_ae_title.c_str());
    setRespondWithCalledAETitle(OFFalse);
    setMaxReceivePDULength(ASC_MAXIMUMPDUSIZE);
    setConnectionBlockingMode(DUL_NOBLOCK);
    setConnectionTimeout(1);
    setDIMSEBlockingMode(DIMSE_NONBLOCKING);
    setDIMSETimeout(Uint32(options.timeout_s));
    setACSETimeout(Uint32(options.timeout_s));
    setHostLookupEnabled(OFFalse);
    setProgressNotificationMode(OFFalse);
    OFList<OFString> syntaxes;
    for (const char* syntax : storage_syntaxes()) syntaxes.push_back(syntax);
    for (const char* storage : storage_classes()) addPresentationContext(storage, syntaxes);
    OFList<OFString> plain;
    plain.push_back(UID_LittleEndianImplicitTransferSyntax);
    addPresentationContext(UID_VerificationSOPClass, plain);
  }

  std::atomic<bool> stop = false;

 protected:
  OFBool checkCalledAETitleAccepted(const OFString& called) override { return called == getAETitle(); }
  OFBool stopAfterCurrentAssociation() override { return stop; }
  OFBool stopAfterConnectionTimeout() override { return stop; }

  OFCondition handleIncomingCommand(T_DIMSE_Message* message, const DcmPresentationContextInfo& context) override {
    if (message->CommandField != DIMSE_C_STORE_RQ) return DcmSCP::handleIncomingCommand(message, context);
    T_DIMSE_C_StoreRQ& request = message->msg.CStoreRQ;
    const std::string uid = request.AffectedSOPInstanceUID;
    const auto part = files_.begin(uid);
    if (!part) {
      DcmDataset* ignored = nullptr;
      const OFCondition received = receiveSTORERequest(request, context.presentationContextID, ignored);
      delete ignored;
      if (received.bad()) return received;
      return sendSTOREResponse(context.presentationContextID, request, STATUS_STORE_Error_CannotUnderstand);
    }
    const OFCondition received = receiveSTORERequest(request, context.presentationContextID, part->c_str());
    bool kept = received.good();
    if (kept)
      kept = files_.complete(uid);
    else
      files_.fail(uid, received.text());
    return sendSTOREResponse(context.presentationContextID, request,
                             kept ? STATUS_Success : STATUS_STORE_Refused_OutOfResources);
  }

 private:
  ReceivedFiles& files_;
};

StorePort::StorePort(const DimseOptions& options, ReceivedFiles& files)
    : listener_(std::make_unique<Listener>(options, files)) {
  // Another case of this machine may be using it.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_s);
  OFCondition opened = listener_->openListenPort();
  while (opened.bad() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    opened = listener_->openListenPort();
  }
  if (opened.bad())
    throw InputError("the store port cannot be opened", fmt::format("port {}", options.store_port), opened.text(),
                     "choose a free port with --store-port, the one under which the archive knows this AE title");
  thread_ = std::thread([this] { (void)listener_->acceptAssociations(); });
}

StorePort::~StorePort() {
  listener_->stop = true;
  thread_.join();
}

}  // namespace sbrt::dicom::detail
