#include "app/model_folder.h"

#include "zimage/error.h"

#include "app/hub_cache.h"
#include "base/text.h"

#include <array>
#include <cstdlib>
#include <system_error>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBuiltIn = "zimage-demo";

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

ModelFolder existing(const std::string& dir, const std::string& origin) {
  if (!is_folder(dir))
    throw Error(ErrorKind::model, origin + " " + (dir.empty() ? "\"\"" : printable(dir)) + ": no such folder");
  return {dir, origin};
}

fs::path installed_models() {
  std::error_code ignored;
  const fs::path executable = fs::read_symlink("/proc/self/exe", ignored);
  return (executable.parent_path() / ".." / ZIMAGE_INSTALLED_MODELS).lexically_normal();
}

std::array<fs::path, 2> built_in_places() {
  return {installed_models() / kBuiltIn, fs::path(ZIMAGE_SOURCE_MODELS) / kBuiltIn};
}

}  // namespace

ModelFolder find_model(const std::optional<std::string>& given) {
  if (given && !is_folder(*given) && is_repository_name(*given)) {
    return {find_snapshot(hub_cache(), *given), "the Hugging Face cache"};
  }
  if (given) return existing(*given, "--model");
  const char* variable = std::getenv("ZIMAGE_MODEL");
  if (variable != nullptr && *variable != '\0') return existing(variable, "$ZIMAGE_MODEL");
  if (const auto dir = built_in_model()) return {*dir, "built-in"};
  const auto [installed, in_source] = built_in_places();
  throw Error(ErrorKind::model,
              "no model: --model and $ZIMAGE_MODEL are not given, and the built-in model is neither " +
                  printable(installed.native()) + " nor " + printable(in_source.native()));
}

std::optional<fs::path> built_in_model() {
  for (const fs::path& dir : built_in_places()) {
    if (is_folder(dir)) return dir;
  }
  return std::nullopt;
}

std::string model_name(const fs::path& dir) {
  std::error_code error;
  const fs::path resolved = fs::canonical(dir, error);
  const fs::path& known = error ? dir : resolved;
  const std::string repository = repository_of_snapshot(known);
  return repository.empty() ? known.filename().string() : repository;
}

}  // namespace zimage::app
