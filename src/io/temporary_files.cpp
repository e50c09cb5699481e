#include "io/temporary_files.h"

#include <string>
#include <system_error>

namespace zimage::io {
namespace {

namespace fs = std::filesystem;

bool is_temporary(const std::string& name) {
  if (!name.starts_with(kTemporaryStart) || !name.ends_with(kTemporaryEnd)) return false;
  const std::size_t digits = name.size() - kTemporaryStart.size() - kTemporaryEnd.size();
  return name.find_first_not_of("0123456789", kTemporaryStart.size()) == kTemporaryStart.size() + digits;
}

}  // namespace

void remove_abandoned(const fs::path& dir, std::chrono::seconds age) {
  const auto youngest = fs::file_time_type::clock::now() - age;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const bool is_old = entry->last_write_time(ignored) < youngest && !ignored;
    if (is_old && entry->is_regular_file(ignored) && is_temporary(entry->path().filename().string())) {
      fs::remove(entry->path(), ignored);
    }
  }
}

}  // namespace zimage::io
