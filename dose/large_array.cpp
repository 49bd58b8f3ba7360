#include "dose/large_array.h"

#include <new>
#include <sys/mman.h>

namespace sbrt::detail {

void Unmap::operator()(void* memory) const { munmap(memory, bytes); }

std::unique_ptr<void, Unmap> map_large(std::size_t bytes) {
  constexpr std::size_t large_page = std::size_t(2) << 20;
  bytes = (bytes + large_page - 1) / large_page * large_page;
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  madvise(mapped, bytes, MADV_HUGEPAGE);  // only a wish: without it the pages are small
#endif
  return {mapped, Unmap{bytes}};
}

}  // namespace sbrt::detail
