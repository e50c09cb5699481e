// Which checkpoint folder a command works on.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace zimage::app {

struct ModelFolder {
  std::filesystem::path dir;
  std::string origin;  // "--model", "$ZIMAGE_MODEL", ...
};

// The given folder, or the repository of that name in the Hugging Face cache; else $ZIMAGE_MODEL; else the built-in
// model, beside the installed executable or in the source tree. Throws Error(model) when that is no folder.
ModelFolder find_model(const std::optional<std::string>& given);

// The folder of the built-in model, if it is there.
std::optional<std::filesystem::path> built_in_model();

// The folder's own name, or that of the repository that it is a snapshot of: no path of the machine.
std::string model_name(const std::filesystem::path& dir);

}  // namespace zimage::app
