/// Associations to a DICOM archive. Private to this room: DCMTK's types stay inside.
#pragma once

#include "dicom/network.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/scu.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt::dicom::detail {

/// Writes received objects into a folder: each under `UID.part` until it is complete, then under `UID.dcm`.
class ReceivedFiles {
 public:
  ReceivedFiles(std::filesystem::path folder, Progress& progress) : folder_(std::move(folder)), progress_(&progress) {}

  /// The name to write to while the object comes; nothing where its UID is no UID, which is noted.
  std::optional<std::filesystem::path> begin(const std::string& sop_instance_uid);
  /// Renames. @returns false where that failed, which is noted
  bool complete(const std::string& sop_instance_uid);
  /// Removes the part and notes why.
  void fail(const std::string& sop_instance_uid, const std::string& reason);

  Retrieved take();
  bool cancelled() const { return cancelled_; }

 private:
  std::filesystem::path folder_;
  Progress* progress_;
  Retrieved result_;
  bool cancelled_ = false;
};

/// One association. Its destructor releases or aborts it.
class Association : public DcmSCU {
 public:
  Association(const DimseAddress& address, const DimseOptions& options);

  /// All syntaxes in one context: the archive chooses.
  void want(const char* abstract_syntax);
  /// A context for each of the transfer syntaxes, so that objects come as the archive holds them.
  void want_to_receive(const std::vector<const char*>& abstract_syntaxes);
  void want_to_send(const std::string& abstract_syntax, const std::string& transfer_syntax);

  /// @throws DimseUnavailable: no answer, rejected, no context accepted
  void open();
  /// @throws DimseUnavailable where the archive does not offer the service
  T_ASC_PresentationContextID context(const char* abstract_syntax, const char* service);
  /// @throws DimseUnavailable saying what failed while doing what
  void check(const OFCondition& condition, const std::string& doing) const;

  /// C-GET writes here from now on.
  void receive_into(ReceivedFiles& files);

 protected:
  OFCondition handleSTORERequestFile(T_ASC_PresentationContextID* context, const OFString& name,
                                     T_DIMSE_C_StoreRQ* request) override;

 private:
  std::string where_;
  ReceivedFiles* received_ = nullptr;
};

/// The storage classes that a plan is made of, as they are received.
const std::vector<const char*>& storage_classes();
const std::vector<const char*>& storage_syntaxes();

/// "0xa700 (out of resources)"
std::string dimse_status_text(unsigned status);

/// Once per process: DCMTK sends small messages at once instead of waiting for more (90 ms for each object).
void prepare_network();

}  // namespace sbrt::dicom::detail
