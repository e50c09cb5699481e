#include "app/model_folder.h"

#include "zimage/error.h"

#include "app/hub_cache.h"
#include "base/text.h"

#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBuiltIn = "zimage-demo";

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

fs::path existing(const std::string& dir, const std::string& origin) {
  if (is_folder(dir)) return dir;
  std::error_code ignored;
  const bool is_file = fs::is_regular_file(dir, ignored);
  throw Error(ErrorKind::model,
              origin + " " + (dir.empty() ? "\"\"" : printable(dir)) +
                  (is_file ? ": is a file; --transformer, --text-encoder and --vae take files" : ": no such folder"));
}

fs::path installed_models() {
  std::error_code ignored;
  const fs::path executable = fs::read_symlink("/proc/self/exe", ignored);
  return (executable.parent_path() / ".." / ZIMAGE_INSTALLED_MODELS).lexically_normal();
}

std::array<fs::path, 2> built_in_places() {
  return {installed_models() / kBuiltIn, fs::path(ZIMAGE_SOURCE_MODELS) / kBuiltIn};
}

std::vector<fs::path> paths_of(const ComponentPaths& c) {
  std::vector<fs::path> paths{c.transformer, c.text_encoder, c.vae, c.tokenizer};
  std::erase_if(paths, [](const fs::path& path) { return path.empty(); });
  return paths;
}

// Whether the components given make a model by themselves.
bool are_a_model(const ComponentPaths& components) {
  std::string missing;
  int given = 0;
  for (const auto& [option, path] : {std::pair("--transformer", components.transformer),
                                     {"--text-encoder", components.text_encoder},
                                     {"--vae", components.vae}}) {
    given += path.empty() ? 0 : 1;
    if (path.empty()) missing += (missing.empty() ? "" : " and ") + std::string(option);
  }
  if (given > 0 && !missing.empty()) {
    throw Error(ErrorKind::usage, missing + ": not given, and neither is --model DIR, which would have the rest");
  }
  return given > 0;
}

}  // namespace

ModelFolder find_model(const ModelChoice& choice) {
  const std::optional<std::string>& given = choice.model;
  const ComponentPaths& components = choice.components;
  std::error_code ignored;
  if (given && !fs::exists(*given, ignored) && is_repository_name(*given)) {
    return {find_snapshot(hub_cache(), *given), components, "the Hugging Face cache"};
  }
  if (given) return {existing(*given, "--model"), components, "--model"};
  const char* variable = std::getenv("ZIMAGE_MODEL");
  if (variable != nullptr && *variable != '\0') {
    return {existing(variable, "$ZIMAGE_MODEL"), components, "$ZIMAGE_MODEL"};
  }
  if (are_a_model(components)) return {{}, components, "files"};
  if (const auto dir = built_in_model()) return {*dir, components, "built-in"};
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

std::string model_name(const ModelFolder& model) {
  std::string name = model.dir.empty() ? "" : model_name(model.dir);
  for (const fs::path& path : paths_of(model.components)) {
    const fs::path last = path.has_filename() ? path : path.parent_path();
    name += (name.empty() ? "" : " + ") + last.filename().string();
  }
  return name;
}

std::string model_place(const ModelFolder& model) {
  std::string place = model.dir.string();
  for (const fs::path& path : paths_of(model.components)) place += (place.empty() ? "" : " + ") + path.string();
  return place;
}

}  // namespace zimage::app
