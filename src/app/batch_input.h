// Where a batch's prompts come from, and which part of them this process takes.
#pragma once

#include "batch/prompt_lines.h"
#include "batch/shard.h"

#include <functional>
#include <optional>
#include <string>

namespace zimage::app {

// Standard input; while nothing comes, `on_idle` is called a few times a second. What it throws ends the reading.
batch::ByteSource standard_input(std::function<void()> on_idle);

struct ShardChoice {
  batch::Shard shard;
  std::optional<int> local_rank;  // among the processes of this machine
};

// --shard I/N, or auto, by the environment. Throws Error(usage) naming the option or the variable.
ShardChoice choose_shard(const std::optional<std::string>& option);

}  // namespace zimage::app
