// Plain text: a prompt a line.
#pragma once

#include "batch/item.h"
#include "batch/prompt_lines.h"

#include <optional>

namespace zimage::batch {

// The next prompt. Skips blank lines and those whose first character, after white space, is '#'.
std::optional<Item> next_text_item(LineReader& lines);

}  // namespace zimage::batch
