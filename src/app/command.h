// The subcommands: each file declares its options on the parser and hands back what runs them.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace zimage::app {

struct Command {
  CLI::App* parser;           // parsed() tells whether it was asked for
  std::function<void()> run;  // after parsing; throws Error, or Cancelled after a signal
};

// Thrown where a batch went on past images that failed: exit code 8.
struct PartialBatch {
  std::string line;  // what failed
};

Command generate_command(CLI::App& program);
Command batch_command(CLI::App& program);
Command tokenize_command(CLI::App& program);
Command inspect_command(CLI::App& program);
Command show_command(CLI::App& program);
Command plan_command(CLI::App& program);
Command devices_command(CLI::App& program);
Command doctor_command(CLI::App& program);
Command config_command(CLI::App& program);
Command completion_command(CLI::App& program);

}  // namespace zimage::app
