// YAML: a list, or a mapping whose key `prompts` is one, of prompts and of mappings with the fields of item_fields.h.
#pragma once

#include "batch/item.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::batch {

// Larger files are for a format that is read line by line.
constexpr std::size_t kMaxYamlBytes = 1 << 20;

// Throws Error(usage) naming file, line, column, field and rule.
std::vector<Item> yaml_items(std::string_view text, const std::string& source);

}  // namespace zimage::batch
