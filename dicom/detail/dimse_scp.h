/// An own store port for C-MOVE. Private to this room: DCMTK's types stay inside.
#pragma once

#include "dicom/detail/dimse_scu.h"

#include <memory>
#include <thread>

namespace sbrt::dicom::detail {

/// Listens from its construction to its end and hands what comes to a ReceivedFiles; takes one association at a time.
/// It accepts objects from any caller that names its AE title, as DICOM knows no other protection without TLS; the port
/// is open only while a series is being moved.
class StorePort {
 public:
  /// @throws InputError when the port cannot be opened
  StorePort(const DimseOptions& options, ReceivedFiles& files);
  ~StorePort();
  StorePort(const StorePort&) = delete;
  StorePort& operator=(const StorePort&) = delete;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

}  // namespace sbrt::dicom::detail
