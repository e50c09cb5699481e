// Loaded before the C library: writes and reads in pieces, as a system under load may. Data arrive, only less at a time
// than was asked for.
#include <dlfcn.h>
#include <sys/types.h>

#include <algorithm>
#include <cstddef>

namespace {

constexpr std::size_t kWritten = 100, kRead = 4096;  // bytes at a time, at most

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  return real(descriptor, bytes, std::min(size, kWritten));
}

ssize_t read(int descriptor, void* bytes, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
  return real(descriptor, bytes, std::min(size, kRead));
}

ssize_t pread(int descriptor, void* bytes, std::size_t size, off_t offset) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t, off_t)>("pread");
  return real(descriptor, bytes, std::min(size, kRead), offset);
}

ssize_t pread64(int descriptor, void* bytes, std::size_t size, off_t offset) {
  return pread(descriptor, bytes, size, offset);
}

}  // extern "C"
