#include "batch/csv_items.h"

#include "zimage/error.h"

#include "batch/item_fields.h"

#include <algorithm>

namespace zimage::batch {
namespace {

constexpr std::size_t kMaxRecordBytes = LineReader::kMaxLineBytes;

[[noreturn]] void refuse(const LineReader& lines, const Line& line, std::size_t at, const std::string& rule) {
  throw Error(ErrorKind::usage, lines.place(line.number) + ":" + std::to_string(at + 1) + ": " + rule);
}

// Appends up to the closing quote, which may be doubled inside; where that stands, or the line's end.
std::size_t append_quoted(std::string_view text, std::size_t at, std::string& field) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 >= text.size() || text[at + 1] != '"') return at;
      ++at;
    }
    field += text[at];
  }
  return at;
}

}  // namespace

bool CsvRecords::add_line(const LineReader& lines, const Line& line, Record& record, bool is_quoted) {
  const std::string_view text = line.text;
  for (std::size_t at = 0;; ++at) {
    if (!is_quoted) {
      record.fields.emplace_back();
      is_quoted = at < text.size() && text[at] == '"';
      if (is_quoted) ++at;
    }
    std::string& field = record.fields.back();
    if (is_quoted) {
      at = append_quoted(text, at, field);
      if (at >= text.size()) {
        field += '\n';
        return true;
      }
      ++at;
      if (at < text.size() && text[at] != ',') refuse(lines, line, at, "after a closing quote comes a comma");
      is_quoted = false;
    } else {
      const std::size_t end = std::min(text.find(',', at), text.size());
      field = text.substr(at, end - at);
      const std::size_t quote = field.find('"');
      if (quote != std::string::npos) {
        refuse(lines, line, at + quote, "a field that holds a quote must be in quotes, the quote doubled");
      }
      at = end;
    }
    if (at >= text.size()) return false;
  }
}

std::optional<CsvRecords::Record> CsvRecords::next(LineReader& lines) {
  Record record;
  bool is_open = false;
  std::size_t bytes = 0;
  while (const auto line = lines.next()) {
    if (!is_open && line->text.empty()) continue;
    if (!is_open) record.line = line->number;
    bytes += line->text.size();
    if (bytes > kMaxRecordBytes) lines.refuse(record.line, "a record is too long; is a quote not closed?");
    is_open = add_line(lines, *line, record, is_open);
    if (!is_open) return record;
  }
  if (is_open) lines.refuse(record.line, "a quote is not closed");
  return std::nullopt;
}

void CsvItems::read_header(LineReader& lines) {
  const auto record = records_.next(lines);
  if (!record) lines.refuse(1, "the first line must name the fields, such as prompt,seed");
  header_ = record->fields;
  const auto names = field_names();
  const std::string place = lines.place(record->line);
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (std::find(names.begin(), names.end(), header_[i]) == names.end()) refuse_field(header_[i], place);
    if (std::find(header_.begin() + static_cast<std::ptrdiff_t>(i) + 1, header_.end(), header_[i]) != header_.end()) {
      throw Error(ErrorKind::usage, place + ": " + header_[i] + ": named twice");
    }
  }
  if (std::find(header_.begin(), header_.end(), "prompt") == header_.end()) {
    throw Error(ErrorKind::usage, place + ": the first line must name the fields, and 'prompt' is missing");
  }
}

std::optional<Item> CsvItems::next(LineReader& lines) {
  if (header_.empty()) read_header(lines);
  const auto record = records_.next(lines);
  if (!record) return std::nullopt;
  if (record->fields.size() != header_.size()) {
    lines.refuse(record->line, std::to_string(record->fields.size()) + " fields, the first line names " +
                                   std::to_string(header_.size()));
  }
  Item item;
  item.line = record->line;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (record->fields[i].empty()) continue;
    set_field(item, header_[i], record->fields[i], lines.place(record->line));
  }
  return item;
}

}  // namespace zimage::batch
