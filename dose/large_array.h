/// Large arrays that live as long as one computation: zeros that cost nothing until they are touched, in large pages
/// where the system has them. Touching 16 MB in pages of 4 kB, filling it and copying it when it grows took a tenth of
/// a plan's time.
#pragma once

#include <cstddef>
#include <memory>

namespace sbrt {

namespace detail {
struct Unmap {
  std::size_t bytes;  // 0 by the value-initialisation of unique_ptr
  void operator()(void* memory) const;
};
/// @throws std::bad_alloc
std::unique_ptr<void, Unmap> map_large(std::size_t bytes);
}  // namespace detail

template <class T>
class LargeArray {
 public:
  /// Room for at least so many values; 0 or left from an earlier use. What an earlier call returned becomes invalid
  /// when more are asked for. @throws std::bad_alloc
  T* at_least(std::size_t values) {
    if (!memory_ || values * sizeof(T) > memory_.get_deleter().bytes) {
      memory_.reset();
      memory_ = detail::map_large(values * sizeof(T));
    }
    return data();
  }
  T* data() const { return static_cast<T*>(memory_.get()); }

 private:
  std::unique_ptr<void, detail::Unmap> memory_;
};

}  // namespace sbrt
