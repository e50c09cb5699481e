#include "batch/prompt_lines.h"

#include "base/text.h"
#include "io/file.h"

#include <algorithm>
#include <memory>

namespace zimage::batch {
namespace {

constexpr std::size_t kChunkBytes = 64u << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

ByteSource source_of_file(const std::filesystem::path& path, ErrorKind not_regular) {
  const auto file = std::make_shared<io::ReadFile>(path, not_regular);
  const auto offset = std::make_shared<std::uint64_t>(0);
  const auto read = [file, offset](std::span<char> out) {
    const std::size_t bytes = std::min<std::uint64_t>(out.size(), file->size() - *offset);
    file->read_at(*offset, std::as_writable_bytes(out.first(bytes)));
    *offset += bytes;
    return bytes;
  };
  return {path.string(), read, nullptr};
}

ByteSource source_of(std::string_view text, std::string name) {
  const auto rest = std::make_shared<std::string_view>(text);
  const auto read = [rest](std::span<char> out) {
    const std::size_t bytes = std::min(out.size(), rest->size());
    std::copy_n(rest->data(), bytes, out.data());
    rest->remove_prefix(bytes);
    return bytes;
  };
  return {std::move(name), read, nullptr};
}

std::optional<Line> LineReader::next() {
  auto line = next_raw();
  if (!line) return std::nullopt;
  if (line->text.ends_with('\r')) line->text.remove_suffix(1);
  if (line->number == 1 && line->text.starts_with(kByteOrderMark)) line->text.remove_prefix(kByteOrderMark.size());
  check(*line);
  return line;
}

std::optional<Line> LineReader::next_raw() {
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const std::size_t bytes = std::min(end, buffer_.size()) - begin_;
    if (bytes > kMaxLineBytes) refuse(number_ + 1, "a line has at most " + std::to_string(kMaxLineBytes) + " bytes");
    if (end != std::string::npos) return take(bytes, true);
    if (at_end_) {
      if (bytes == 0) return std::nullopt;
      return take(bytes, false);
    }
    fill();
    searched = begin_ + bytes;
  }
}

bool LineReader::is_ready() const { return at_end_ || has_line() || !source_.is_ready || source_.is_ready(); }

void LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunkBytes);
  const std::size_t got = source_.read(std::span(buffer_).subspan(kept));
  buffer_.resize(kept + got);
  at_end_ = got == 0;
}

Line LineReader::take(std::size_t bytes, bool is_ended) {
  const Line line{std::string_view(buffer_).substr(begin_, bytes), ++number_, is_ended};
  begin_ += bytes + (is_ended ? 1 : 0);
  return line;
}

void LineReader::check(const Line& line) const {
  for (std::size_t at = 0; at < line.text.size();) {
    const Utf8Char c = first_utf8_char(line.text.substr(at));
    const std::string where = "byte " + std::to_string(at + 1) + ": ";
    if (c.bytes == 0) refuse(line.number, where + "must be UTF-8");
    if (c.code_point == 0) refuse(line.number, where + "must not hold a NUL");
    at += c.bytes;
  }
}

std::string LineReader::place(std::size_t line) const { return printable(source_.name) + ":" + std::to_string(line); }

void LineReader::refuse(std::size_t line, const std::string& rule) const {
  throw Error(ErrorKind::usage, place(line) + ": " + rule);
}

std::string read_all(const ByteSource& source, std::size_t max_bytes) {
  std::string text;
  for (;;) {
    const std::size_t kept = text.size();
    text.resize(kept + kChunkBytes);
    const std::size_t got = source.read(std::span(text).subspan(kept));
    text.resize(kept + got);
    if (got == 0) return text;
    if (text.size() > max_bytes) {
      throw Error(ErrorKind::usage, printable(source.name) + ": more than the " + std::to_string(max_bytes) +
                                        " bytes that such a file may have");
    }
  }
}

}  // namespace zimage::batch
