#include "app/hub_cache.h"

#include "zimage/error.h"

#include "base/text.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <vector>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "models--", kSeparator = "--";
constexpr std::size_t kCommitLength = 40;

bool is_name(std::string_view text) {
  const auto is_allowed = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.');
  };
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), is_allowed);
}

fs::path variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// What refs/main says, if that is a commit.
std::string commit_of_main(const fs::path& repository) {
  std::string commit(kCommitLength, '\0');
  std::ifstream file(repository / "refs/main", std::ios::binary);
  file.read(commit.data(), kCommitLength);
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  return file && std::all_of(commit.begin(), commit.end(), is_digit) ? commit : "";
}

std::vector<fs::path> folders_in(const fs::path& dir) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, ignored)) {
    if (is_folder(entry.path())) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace

bool is_repository_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

fs::path hub_cache() {
  if (const fs::path hub = variable("HF_HUB_CACHE"); !hub.empty()) return hub;
  if (const fs::path home = variable("HF_HOME"); !home.empty()) return home / "hub";
  const fs::path cache = variable("XDG_CACHE_HOME");
  return (cache.empty() ? variable("HOME") / ".cache" : cache) / "huggingface/hub";
}

fs::path find_snapshot(const fs::path& cache, const std::string& repository) {
  const std::size_t slash = repository.find('/');
  fs::path dir = cache / (std::string(kPrefix) + repository.substr(0, slash));
  dir += std::string(kSeparator) + repository.substr(slash + 1);
  const std::string commit = commit_of_main(dir);
  if (!commit.empty() && is_folder(dir / "snapshots" / commit)) return dir / "snapshots" / commit;
  const std::vector<fs::path> snapshots = folders_in(dir / "snapshots");
  if (snapshots.size() == 1) return snapshots.front();
  throw Error(ErrorKind::model, "--model " + repository + ": no such folder, and no snapshot of it in " +
                                    printable(cache.native()) + "; `hf download " + repository + "` puts one there");
}

std::string repository_of_snapshot(const fs::path& dir) {
  const fs::path snapshots = dir.parent_path();
  const std::string name = snapshots.parent_path().filename().string();
  if (snapshots.filename() != "snapshots" || !name.starts_with(kPrefix)) return "";
  std::string repository = name.substr(kPrefix.size());
  const std::size_t separator = repository.find(kSeparator);
  if (separator == std::string::npos) return "";
  return repository.replace(separator, kSeparator.size(), "/");
}

}  // namespace zimage::app
