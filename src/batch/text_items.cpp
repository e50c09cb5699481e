#include "batch/text_items.h"

namespace zimage::batch {

std::optional<Item> next_text_item(LineReader& lines) {
  while (const auto line = lines.next()) {
    const std::size_t first = line->text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line->text[first] == '#') continue;
    Item item;
    item.prompt = std::string(line->text);
    item.line = line->number;
    return item;
  }
  return std::nullopt;
}

}  // namespace zimage::batch
