#include "batch/item_reader.h"

#include "batch/jsonl_items.h"
#include "batch/text_items.h"
#include "batch/yaml_items.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace zimage::batch {

Format format_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, Format>, 5> kEnds{{{".jsonl", Format::jsonl},
                                                                      {".ndjson", Format::jsonl},
                                                                      {".csv", Format::csv},
                                                                      {".yaml", Format::yaml},
                                                                      {".yml", Format::yaml}}};
  const auto found = std::find_if(kEnds.begin(), kEnds.end(), [&](const auto& e) { return path.ends_with(e.first); });
  return found == kEnds.end() ? Format::text : found->second;
}

ItemReader::ItemReader(Format format, ByteSource source)
    : format_(format), source_(source), lines_(std::move(source)) {}

std::optional<Item> ItemReader::next() {
  switch (format_) {
    case Format::text:
      return next_text_item(lines_);
    case Format::jsonl:
      return next_json_item(lines_);
    case Format::csv:
      return csv_.next(lines_);
    case Format::yaml:
      return next_yaml_item();
  }
  return std::nullopt;
}

std::optional<Item> ItemReader::next_yaml_item() {
  if (!yaml_) {
    std::vector<Item> items = yaml_items(read_all(source_, kMaxYamlBytes), source_.name);
    yaml_.emplace(std::move_iterator(items.begin()), std::move_iterator(items.end()));
  }
  if (yaml_->empty()) return std::nullopt;
  Item item = std::move(yaml_->front());
  yaml_->pop_front();
  return item;
}

void parse_items(Format format, std::string_view text, const std::string& name, const ItemCallback& on_item) {
  ItemReader reader(format, source_of(text, name));
  while (auto item = reader.next()) on_item(std::move(*item));
}

}  // namespace zimage::batch
