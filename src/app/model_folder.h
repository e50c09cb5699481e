// Which model a command works on.
#pragma once

#include "zimage/component_paths.h"

#include <filesystem>
#include <optional>
#include <string>

namespace zimage::app {

// What was asked for.
struct ModelChoice {
  std::optional<std::string> model;  // a folder, or a repository in the Hugging Face cache
  ComponentPaths components;
};

struct ModelFolder {
  std::filesystem::path dir;  // empty: all components are given
  ComponentPaths components;
  std::string origin;  // "--model", "$ZIMAGE_MODEL", ...
};

// The given folder, or the repository of that name in the Hugging Face cache; else $ZIMAGE_MODEL; else, where
// components are given, no folder; else the built-in model, beside the installed executable or in the source tree.
// Throws Error(model) when that is no folder, Error(usage) where components are missing.
ModelFolder find_model(const ModelChoice& choice);

// The folder of the built-in model, if it is there.
std::optional<std::filesystem::path> built_in_model();

// The folder's own name, or that of the repository that it is a snapshot of: no path of the machine.
std::string model_name(const std::filesystem::path& dir);
// The folder's, and the names of the files that take the place of its own.
std::string model_name(const ModelFolder& model);
// The same with the whole paths, for the user alone.
std::string model_place(const ModelFolder& model);

}  // namespace zimage::app
