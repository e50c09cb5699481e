// Which machine a plan is made for.
#pragma once

#include "plan/machine.h"

#include <optional>
#include <string>

namespace zimage::app {

struct CardRequest {
  std::optional<std::string> card, card_file;  // --card, --card-file
};

// The card asked for. Without one: the GPU that is here, without a context on it, else h200, which is said.
// Throws Error(usage), Error(model), Error(io).
plan::Machine choose_machine(const CardRequest& request);

}  // namespace zimage::app
