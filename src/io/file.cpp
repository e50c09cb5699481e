#include "io/file.h"

#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace zimage::io {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& action, int error) {
  throw Error(ErrorKind::io, printable(path.native()) + ": " + action + ": " + std::generic_category().message(error));
}

void check_size(const ReadFile& file, std::uint64_t max_bytes, ErrorKind kind) {
  if (file.size() <= max_bytes) return;
  throw Error(kind, printable(file.path().native()) + ": " + std::to_string(file.size()) + " bytes, more than the " +
                        std::to_string(max_bytes) + " that such a file may have");
}

}  // namespace

ReadFile::ReadFile(const std::filesystem::path& path, ErrorKind not_regular) : path_(path) {
  const auto check = [&](const struct stat& status) {
    if (!S_ISREG(status.st_mode)) throw Error(not_regular, printable(path.native()) + ": not a regular file");
  };
  struct stat status {};
  // Asked before opening, since opening a device can already do something; and after, for what it is by then.
  if (::stat(path.c_str(), &status) != 0) fail(path, "cannot open", errno);
  check(status);
  do {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail(path, "cannot open", errno);
  ReadFile owner(std::move(*this));  // closes the descriptor if a check below throws
  if (::fstat(owner.descriptor_, &status) != 0) fail(path, "cannot read its size", errno);
  check(status);
  owner.size_ = static_cast<std::uint64_t>(status.st_size);
  *this = std::move(owner);
}

ReadFile::~ReadFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ReadFile::ReadFile(ReadFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

ReadFile& ReadFile::operator=(ReadFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

void ReadFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "cannot read", errno);
    if (got == 0) {
      throw Error(ErrorKind::io, printable(path_.native()) + ": ends at byte " + std::to_string(offset) +
                                     ", before what was to be read; it had " + std::to_string(size_) +
                                     " bytes when it was opened");
    }
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::string read_whole(const std::filesystem::path& path, std::uint64_t max_bytes, ErrorKind kind) {
  const ReadFile file(path, kind);
  check_size(file, max_bytes, kind);
  std::string content(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(content)));
  return content;
}

HugeVector<char> read_large(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const ReadFile file(path);
  check_size(file, max_bytes, ErrorKind::model);
  HugeVector<char> content(file.size());
  file.read_at(0, std::as_writable_bytes(std::span(content)));
  return content;
}

}  // namespace zimage::io
