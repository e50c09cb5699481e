// Regular files, read in checked pieces and written whole or not at all.
#pragma once

#include "zimage/error.h"

#include "base/huge_pages.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace zimage::io {

// An open regular file. Throws Error(kind) if it is a FIFO, device or directory (opening never blocks), Error(io) if it
// cannot be opened.
class ReadFile {
 public:
  explicit ReadFile(const std::filesystem::path& path, ErrorKind not_regular = ErrorKind::model);
  ~ReadFile();
  ReadFile(ReadFile&& other) noexcept;
  ReadFile& operator=(ReadFile&& other) noexcept;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // bytes, when it was opened
  // Fills `out` from `offset` on; restarts after interruptions. Safe from several threads.
  // Throws Error(io) when the file ends before (it shrank) or the system refuses.
  void read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// The whole file. Throws as ReadFile does, and Error(kind) above max_bytes.
std::string read_whole(const std::filesystem::path& path, std::uint64_t max_bytes, ErrorKind kind = ErrorKind::model);

// As read_whole, for files of many MB.
HugeVector<char> read_large(const std::filesystem::path& path, std::uint64_t max_bytes);

enum class Overwrite { no, yes };

// Throws Error(io) now for what would make write_atomically fail later: a parent that is missing or not writable, a
// directory of this name, an existing file without Overwrite::yes, a name too long.
void check_writable(const std::filesystem::path& path, Overwrite overwrite);

// The bytes appear under `path` complete and synced, or not at all: written to a temporary file in the same directory,
// every call checked, then renamed (Overwrite::no: linked, so that a file made meanwhile is not replaced).
// Throws Error(io).
void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes, Overwrite overwrite);

// Makes a new name in the directory survive a power cut. Throws Error(io).
void sync_directory(const std::filesystem::path& directory);

}  // namespace zimage::io
