// The options of `zimage generate` as they were typed, and the configuration file beneath them.
#pragma once

#include "app/options.h"
#include "app/recreation.h"
#include "config/config.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::app {

struct GenerateArguments {
  config::Config flags;
  std::vector<std::string> prompts;        // each as typed
  std::optional<std::string> from;         // --from
  std::optional<std::string> config_file;  // --config
};

// Declares --config and the options of these keys on the command, which keeps a reference to the arguments.
void add_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key));

// And --from.
void add_generate_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key));

// Of the picture of --from, if there is one. Throws Error(model) and Error(io).
std::optional<Recreation> recreation_of(const GenerateArguments& arguments);

// The flags over what the picture says, and both over the configuration file, which is said; the log does as flags and
// file say. Throws Error(usage), Error(model), Error(io), and Cancelled where a prompt is read from standard input.
config::Config merge(const GenerateArguments& arguments, const std::optional<Recreation>& recreation = {});

}  // namespace zimage::app
