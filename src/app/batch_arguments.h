// The options of `zimage batch` as they were typed.
#pragma once

#include "app/generate_arguments.h"

#include <optional>
#include <string>

namespace zimage::app {

struct BatchArguments {
  GenerateArguments run;  // those that it shares with generate
  std::optional<std::string> prompts, format, out_dir, name_template, contact_sheet, shard, merge_report;
  bool expand = false, fail_fast = false, dry_run = false, resume = false;
};

void add_batch_options(CLI::App& command, BatchArguments& arguments);

}  // namespace zimage::app
