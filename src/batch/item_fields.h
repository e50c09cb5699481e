// The fields that an item may have, the same in every format.
#pragma once

#include "batch/item.h"

#include <span>
#include <string>
#include <string_view>

namespace zimage::batch {

// Their names, the prompt first.
std::span<const std::string_view> field_names();

// Whether the field is a number, where a format tells numbers from text.
bool is_number(std::string_view field);

// From its text. place: "FILE:LINE". Throws Error(usage) "PLACE: FIELD VALUE: rule".
void set_field(Item& item, std::string_view field, std::string_view text, const std::string& place);

// Throws Error(usage) naming the place, the field and the nearest known one.
[[noreturn]] void refuse_field(std::string_view field, const std::string& place);

}  // namespace zimage::batch
