// The options of `zimage generate` as they were typed, and the configuration file beneath them.
#pragma once

#include "app/options.h"
#include "config/config.h"

#include <optional>
#include <string>
#include <string_view>

namespace zimage::app {

struct GenerateArguments {
  config::Config flags;
  std::optional<std::string> config_file;  // --config
};

// Declares --config and the options of these keys on the command, which keeps a reference to the arguments.
void add_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key));
void add_generate_options(CLI::App& command, GenerateArguments& arguments);

// The flags over the configuration file, which is said; the log does as both say. Throws Error(usage), Error(model) and
// Error(io).
config::Config merge(const GenerateArguments& arguments);

}  // namespace zimage::app
