// JSON lines: an object a line, its members the fields of item_fields.h.
#pragma once

#include "batch/item.h"
#include "batch/prompt_lines.h"

#include <optional>

namespace zimage::batch {

// The next item. Skips blank lines; a member that is null counts as not given. Throws Error(usage) naming file, line,
// field and rule.
std::optional<Item> next_json_item(LineReader& lines);

}  // namespace zimage::batch
