// What the options of all commands have in common.
#pragma once

#include "app/model_folder.h"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace zimage::app {

struct LogArguments {
  bool verbose = false;
  bool quiet = false;
  std::optional<std::string> format;  // text | json
  std::optional<std::string> file;    // appended to
};

void add_log_options(CLI::App& command, LogArguments& arguments);

// Configures base/log. Throws Error(usage), and Error(io) for a file that cannot be opened.
void apply(const LogArguments& arguments);

// Of a command line before it is parsed: --log-format and --log-file where they can be told, so that what is wrong with
// the others is said as they ask.
void apply_log_format(const std::vector<std::string>& arguments);

constexpr std::size_t kHelpColumns = 78;  // of a description, as CLI11 does not break lines

struct TextOption {
  std::string name;           // "--width"
  std::string value;          // what it takes: "PIXELS"
  std::string help;           // with the unit
  std::string fallback = {};  // what holds without it, for --help
};

// An option with a value, kept as it was typed (an empty one too) for config/parse.h.
CLI::Option* add_text_option(CLI::App& command, const std::function<void(const std::string&)>& keep,
                             const TextOption& option);
CLI::Option* add_text_option(CLI::App& command, std::optional<std::string>& into, const TextOption& option);

// The options that choose a model, of every command that reads one.
void add_model_options(CLI::App& command, ModelChoice& into);

}  // namespace zimage::app
