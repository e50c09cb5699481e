// Host memory in huge pages, which a GPU can read by itself where the system allows it.
#pragma once

#include <cstddef>

namespace zimage {

class HostBlock {
 public:
  // Throws std::bad_alloc.
  explicit HostBlock(std::size_t bytes);
  ~HostBlock();
  HostBlock(const HostBlock&) = delete;
  HostBlock& operator=(const HostBlock&) = delete;

  // Once: lets GPUs read it by themselves. False where the system refuses: it stays pageable, which is slower, not
  // wrong.
  bool pin();

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }
  bool is_pinned() const { return pinned_; }

 private:
  std::size_t bytes_;
  std::byte* data_;
  bool pinned_ = false;
};

}  // namespace zimage
