// Writing: the half of file.h that changes the disk.
#include "base/text.h"
#include "io/file.h"
#include "io/new_file.h"
#include "io/temporary_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace zimage::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& rule) {
  throw Error(ErrorKind::io, printable(path.native()) + ": " + rule);
}
[[noreturn]] void fail(const fs::path& path, const std::string& action, int error) {
  fail(path, action + ": " + std::generic_category().message(error));
}

fs::path parent_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path random_name() {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) fail("getrandom", "failed", errno);
  return std::string(kTemporaryStart).append(std::to_string(random)).append(kTemporaryEnd);
}

}  // namespace

NewFile::NewFile(const fs::path& target) : target_(target) {
  constexpr int kAttempts = 16;
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    path_ = parent_of(target) / random_name();
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    const bool again = errno == EEXIST || errno == EINTR;
    if (descriptor_ < 0 && (!again || attempt == kAttempts)) {
      fail(target_, "cannot create a file in " + printable(parent_of(target).native()), errno);
    }
  }
}

NewFile::~NewFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

void NewFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(target_, "cannot write", written < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void NewFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(target_, "cannot write", written < 0 ? errno : EIO);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void NewFile::sync_and_close() {
  while (::fsync(descriptor_) != 0) {
    if (errno != EINTR) fail(target_, "cannot sync", errno);
  }
  // Linux frees the descriptor even where close fails, so it is not closed twice.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail(target_, "cannot close", errno);
}

void NewFile::publish(Overwrite overwrite) {
  if (overwrite == Overwrite::yes) {
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, "cannot rename", errno);
    path_.clear();
    return;
  }
  if (::link(path_.c_str(), target_.c_str()) == 0) return;  // the destructor removes the first name
  // FAT and some network file systems have no links.
  const bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
  if (no_links && ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) {
    path_.clear();
    return;
  }
  if (errno == EEXIST) fail(target_, "already exists");
  fail(target_, "cannot be created", errno);
}

void check_writable(const fs::path& path, Overwrite overwrite) {
  if (!path.has_filename()) fail(path, "names no file");
  const fs::path parent = parent_of(path);
  struct stat status {};
  if (::stat(parent.c_str(), &status) != 0) fail(path, "its directory", errno);
  if (!S_ISDIR(status.st_mode)) fail(path, "its parent is not a directory");
  if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    fail(path, "its directory is not writable", errno);
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) fail(path, "cannot be created", errno);
    return;
  }
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) fail(path, "is a directory");
  if (overwrite == Overwrite::no) fail(path, "already exists");
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) fail(path, "exists and is not a regular file");
}

void write_atomically(const fs::path& path, std::span<const std::byte> bytes, Overwrite overwrite) {
  check_writable(path, overwrite);
  {
    NewFile file(path);
    file.write(bytes);
    file.sync_and_close();
    file.publish(overwrite);
  }
  sync_directory(parent_of(path));
}

void sync_directory(const fs::path& directory) {
  int descriptor = -1;
  do {
    descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) fail(directory, "cannot open to sync", errno);
  int error = 0;
  do {
    error = ::fsync(descriptor) == 0 ? 0 : errno;
  } while (error == EINTR);
  ::close(descriptor);
  // EINVAL: this file system does not sync directories.
  if (error != 0 && error != EINVAL) fail(directory, "cannot sync", error);
}

}  // namespace zimage::io
