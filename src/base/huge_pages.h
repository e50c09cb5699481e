// Vectors of many MB for short work: in huge pages the system clears and maps the memory several times as fast.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace zimage {

template <class T>
struct HugePages {
  using value_type = T;
  static constexpr std::size_t kPageBytes = 2 << 20;

  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T), rounded = (bytes / kPageBytes + 1) * kPageBytes;
    void* const memory = bytes < kPageBytes ? std::malloc(bytes) : std::aligned_alloc(kPageBytes, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    if (bytes >= kPageBytes) static_cast<void>(::madvise(memory, rounded, MADV_HUGEPAGE));  // a wish: may be refused
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { std::free(memory); }
  // Without a value nothing is written, so resize touches no memory.
  template <class U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Values>
  void construct(U* place, Values&&... values) {
    ::new (static_cast<void*>(place)) U(static_cast<Values&&>(values)...);
  }
  bool operator==(const HugePages&) const = default;
};

template <class T>
using HugeVector = std::vector<T, HugePages<T>>;

}  // namespace zimage
