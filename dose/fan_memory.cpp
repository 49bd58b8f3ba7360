#include "dose/fan_memory.h"

#include <new>
#include <sys/mman.h>

namespace sbrt {

void FanMemory::Unmap::operator()(float* values) const { munmap(values, bytes); }

float* FanMemory::at_least(std::size_t values) {
  constexpr std::size_t large_page = std::size_t(2) << 20;
  const std::size_t bytes = (values * sizeof(float) + large_page - 1) / large_page * large_page;
  if (values_ && bytes <= values_.get_deleter().bytes) return values_.get();
  values_.reset();
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  madvise(mapped, bytes, MADV_HUGEPAGE);  // only a wish: without it the pages are small
#endif
  values_ = {static_cast<float*>(mapped), Unmap{bytes}};
  return values_.get();
}

}  // namespace sbrt
