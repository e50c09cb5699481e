// Batches on a small model, and what they leave in their folder.
#pragma once

#include "app/expect_outcome.h"
#include "app/zimage_process.h"
#include "support/temp_dir.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zimage::test {

inline Invocation with_small_model(std::vector<std::string> arguments, const TempDir& dir) {
  for (const char* argument : {"--model", ZIMAGE_TEST_DATA "/parity/square", "--device", "cpu", "--threads", "1",
                               "--height", "32", "--steps", "2"}) {
    arguments.emplace_back(argument);
  }
  if (std::find(arguments.begin(), arguments.end(), "--width") == arguments.end()) {
    arguments.insert(arguments.end(), {"--width", "32"});
  }
  return {std::move(arguments), dir.path()};
}

// Into "out", unless an option says otherwise.
inline Invocation batch_invocation(const TempDir& dir, const std::vector<std::string>& options) {
  std::vector<std::string> arguments{"batch"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  if (std::find(options.begin(), options.end(), "--out-dir") == options.end()) {
    arguments.insert(arguments.end(), {"--out-dir", "out"});
  }
  return with_small_model(std::move(arguments), dir);
}

inline Outcome run_batch(const TempDir& dir, const std::vector<std::string>& options) {
  return run_zimage(batch_invocation(dir, options));
}

using Names = std::vector<std::string>;

inline std::map<std::string, std::string> contents_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") contents[entry.path().filename().string()] = content_of(entry.path());
  }
  return contents;
}

inline Names pictures_in(const std::filesystem::path& folder) {
  Names names;
  for (const auto& [name, content] : contents_of(folder)) names.push_back(name);
  return names;
}

}  // namespace zimage::test
