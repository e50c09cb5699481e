// A file that is not there until all of it is: written under a name that nobody can guess, in any order, then renamed.
#pragma once

#include "io/file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace zimage::io {

// Gone again unless publish() was called. Every function throws Error(io).
class NewFile {
 public:
  // Beside `target`.
  explicit NewFile(const std::filesystem::path& target);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Behind what was written so.
  void write(std::span<const std::byte> bytes);
  // Safe from several threads.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void sync_and_close();
  // Overwrite::no: linked, so that a file made meanwhile is not replaced. After sync_and_close.
  void publish(Overwrite overwrite);

 private:
  std::filesystem::path target_, path_;
  int descriptor_ = -1;
};

}  // namespace zimage::io
