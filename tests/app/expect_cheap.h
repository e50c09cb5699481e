// What a refusal may cost, and what it may leave behind.
#pragma once

#include "app/zimage_process.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace zimage::test {

#ifdef ZIMAGE_SANITIZED
constexpr double kMaxSecondsBeyondVersion = 20;  // instrumented code is slower
#else
constexpr double kMaxSecondsBeyondVersion = 2;
#endif
constexpr long kMaxKibBeyondVersion = 256 << 10;

// Within 2 s and 256 MB, and three times the header, of `zimage --version`, which loads the same libraries. Seconds of
// the processors, for tests run beside each other.
inline void expect_cheap(const Outcome& outcome, std::uint64_t header_bytes = 0) {
  const Outcome version = run_zimage({{"--version"}, std::filesystem::temp_directory_path()});
  ASSERT_EQ(version.exit_code, 0) << version.err;
  EXPECT_LE(outcome.cpu_seconds, version.cpu_seconds + kMaxSecondsBeyondVersion);
  EXPECT_LE(outcome.peak_rss_kib,
            version.peak_rss_kib + kMaxKibBeyondVersion + static_cast<long>(3 * header_bytes / 1024));
}

// Every file below a folder, by its path.
inline std::set<std::string> files_in(const std::filesystem::path& dir) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) names.insert(entry.path().string());
  return names;
}

}  // namespace zimage::test
