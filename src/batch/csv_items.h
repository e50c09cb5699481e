// Comma-separated values (RFC 4180): the first line names the fields of item_fields.h, in any order.
#pragma once

#include "batch/item.h"
#include "batch/prompt_lines.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::batch {

// Splits records; quotes may hold commas, doubled quotes and line ends.
class CsvRecords {
 public:
  struct Record {
    std::vector<std::string> fields;
    std::size_t line = 0;  // where it begins
  };

  // The next record; empty lines are none. Throws Error(usage) naming file, line, column and rule.
  std::optional<Record> next(LineReader& lines);

 private:
  // Takes one line's worth; true: a quote is still open at its end.
  bool add_line(const LineReader& lines, const Line& line, Record& record, bool is_quoted);
};

class CsvItems {
 public:
  // The next item; an empty cell counts as not given, of the prompt as an empty prompt. Throws Error(usage) naming
  // file, line, field and rule.
  std::optional<Item> next(LineReader& lines);

 private:
  void read_header(LineReader& lines);

  CsvRecords records_;
  std::vector<std::string> header_;
};

}  // namespace zimage::batch
