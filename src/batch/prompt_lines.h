// The lines of a file of prompts, one at a time as they arrive, so that a pipe is served line by line and a file of any
// size takes the memory of one line.
#pragma once

#include "zimage/error.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace zimage::batch {

struct ByteSource {
  std::string name;                                  // as messages have it: "prompts.txt", "standard input"
  std::function<std::size_t(std::span<char>)> read;  // how many bytes it put there; 0 at the end
  std::function<bool()> is_ready;                    // read would not wait; none: it never does
};

// A file from its beginning. Throws Error(not_regular) for a FIFO, device or directory, Error(io).
ByteSource source_of_file(const std::filesystem::path& path, ErrorKind not_regular);

// The text must outlive the source.
ByteSource source_of(std::string_view text, std::string name);

struct Line {
  std::string_view text;   // until the next one is read
  std::size_t number = 0;  // from 1
  bool is_ended = true;    // by LF; only the last one can be without
};

class LineReader {
 public:
  static constexpr std::size_t kMaxLineBytes = 16u << 20;

  explicit LineReader(ByteSource source) : source_(std::move(source)) {}

  // Without its end, LF or CRLF, and the first one without its byte order mark; the last line needs no end. Throws
  // Error(usage) "FILE:LINE: rule" for bytes that are no UTF-8, a NUL and a line above kMaxLineBytes, and what the
  // source throws.
  std::optional<Line> next();
  // The bytes as they are up to LF. Throws Error(usage) for a line above kMaxLineBytes, and what the source throws.
  std::optional<Line> next_raw();
  // next() would not wait.
  bool is_ready() const;

  const std::string& name() const { return source_.name; }
  // "FILE:LINE"
  std::string place(std::size_t line) const;
  [[noreturn]] void refuse(std::size_t line, const std::string& rule) const;

 private:
  bool has_line() const { return buffer_.find('\n', begin_) != std::string::npos; }
  void fill();
  Line take(std::size_t bytes, bool is_ended);
  void check(const Line& line) const;

  ByteSource source_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not yet handed out
  std::size_t number_ = 0;
  bool at_end_ = false;
};

// All of it, for formats that make sense as a whole only. Throws Error(usage) above max_bytes.
std::string read_all(const ByteSource& source, std::size_t max_bytes);

}  // namespace zimage::batch
