// The items of a file of prompts in any of its formats, one after the other.
#pragma once

#include "batch/csv_items.h"
#include "batch/item.h"
#include "batch/prompt_lines.h"

#include <deque>
#include <optional>
#include <string_view>

namespace zimage::batch {

enum class Format { text, jsonl, csv, yaml };

// By the end of the file's name: .jsonl and .ndjson, .csv, .yaml and .yml; anything else is text.
Format format_of(std::string_view path);

class ItemReader {
 public:
  ItemReader(Format format, ByteSource source);

  // Throws Error(usage) naming file, line, field and rule, and what the source throws.
  std::optional<Item> next();
  // next() would not wait for more of a pipe.
  bool is_ready() const { return lines_.is_ready(); }

  std::string place(std::size_t line) const { return lines_.place(line); }

 private:
  std::optional<Item> next_yaml_item();

  Format format_;
  ByteSource source_;
  LineReader lines_;
  CsvItems csv_;
  std::optional<std::deque<Item>> yaml_;  // once it was read
};

// All items of a text, for tests and tools.
void parse_items(Format format, std::string_view text, const std::string& name, const ItemCallback& on_item);

}  // namespace zimage::batch
