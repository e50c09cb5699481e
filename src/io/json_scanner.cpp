// visit_json: RFC 8259, read in one pass over text in memory. Written here because a safetensors header may have 100
// MB, and the general parsers at hand need longer for that than the program may take to refuse a file.
#include "zimage/error.h"

#include "base/text.h"
#include "io/json_visitor.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace zimage::io {
namespace {

// Text is looked at in words of eight bytes. A word marks a byte by any bit of it; what is above the first may be
// wrong.
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
static_assert(std::endian::native == std::endian::little);  // the first byte is the lowest

constexpr std::uint64_t each_byte(unsigned char byte) { return 0x0101010101010101U * byte; }

std::uint64_t word_at(std::string_view text, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, text.data() + at, sizeof word);
  return word;
}

// How many bytes are before the first marked one.
std::size_t first_marked(std::uint64_t marks) { return static_cast<std::size_t>(std::countr_zero(marks)) / 8; }

constexpr std::size_t kExactDigits = std::numeric_limits<std::int64_t>::digits10;

// Marks what is outside of ASCII, control characters, '"' and '\\'.
std::uint64_t not_plain_ascii(std::uint64_t word) {
  const auto below = [](std::uint64_t bytes, unsigned char limit) { return (bytes - each_byte(limit)) & ~bytes; };
  const std::uint64_t stop = below(word, 0x20) | below(word ^ each_byte('"'), 1) | below(word ^ each_byte('\\'), 1);
  return (stop | word) & each_byte(0x80);
}

// Short for first_utf8_char: most characters of a vocabulary outside of ASCII are of this kind.
bool is_two_byte_char(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  return text.size() >= 2 && byte(0) >= 0xC2 && byte(0) < 0xE0 && (byte(1) & 0xC0) == 0x80;
}

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view source, const JsonLimits& limits, JsonVisitor& visitor)
      : text_(text), source_(source), limits_(limits), visitor_(visitor) {}

  void document();

 private:
  [[noreturn]] void refuse(const std::string& rule) const;
  [[noreturn]] void refuse_syntax(const std::string& rule) const { refuse("not valid JSON: " + rule); }

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }  // NUL belongs to no token
  bool take(char c);
  void skip_space() {
    if (peek() <= ' ' && !at_end()) skip_spaces();  // most files have none between most tokens
  }
  void skip_spaces();

  void value();
  void members();
  void elements();
  void enter();
  void literal(std::string_view word);
  void number();
  struct Digits {
    std::size_t count;
    std::uint64_t value;  // right up to kExactDigits of them
  };
  Digits digits();
  std::string_view string();
  void skip_plain();
  void escape();
  char32_t hex_unit();
  void append_utf8(char32_t c);

  std::string_view text_, source_;
  const JsonLimits& limits_;
  JsonVisitor& visitor_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string string_;  // the last string with an escape in it, decoded
};

void Scanner::refuse(const std::string& rule) const {
  throw Error(ErrorKind::model, printable(source_) + ": byte " + std::to_string(at_) + ": " + rule);
}

bool Scanner::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void Scanner::skip_spaces() {
  std::size_t at = at_;
  while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\n' || text_[at] == '\r' || text_[at] == '\t')) {
    ++at;
    while (text_.size() - at >= kWordBytes) {  // an indented file is mostly spaces
      const std::size_t spaces = first_marked(word_at(text_, at) ^ each_byte(' '));
      at += spaces;
      if (spaces < kWordBytes) break;
    }
  }
  at_ = at;
}

void Scanner::document() {
  if (text_.starts_with("\xEF\xBB\xBF")) refuse("starts with a byte order mark");
  value();
  if (!at_end()) refuse_syntax("something follows the root value");
}

void Scanner::value() {
  skip_space();
  switch (peek()) {
    case '{':
      members();
      break;
    case '[':
      elements();
      break;
    case '"':
      visitor_.string(string());
      break;
    case 't':
      literal("true");
      visitor_.boolean(true);
      break;
    case 'f':
      literal("false");
      visitor_.boolean(false);
      break;
    case 'n':
      literal("null");
      visitor_.null();
      break;
    default:
      number();
  }
  skip_space();
}

void Scanner::enter() {
  ++at_;
  if (++depth_ > limits_.max_depth) refuse("nested deeper than " + std::to_string(limits_.max_depth) + " levels");
}

void Scanner::members() {
  visitor_.start_object();
  enter();
  skip_space();
  if (!take('}')) {
    do {
      skip_space();
      if (peek() != '"') refuse_syntax("a key in quotes is expected");
      visitor_.key(string());
      skip_space();
      if (!take(':')) refuse_syntax("':' is expected");
      value();
    } while (take(','));
    if (!take('}')) refuse_syntax("',' or '}' is expected");
  }
  --depth_;
  visitor_.end_object();
}

void Scanner::elements() {
  visitor_.start_array();
  enter();
  skip_space();
  if (!take(']')) {
    do {
      value();
    } while (take(','));
    if (!take(']')) refuse_syntax("',' or ']' is expected");
  }
  --depth_;
  visitor_.end_array();
}

void Scanner::literal(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) refuse_syntax("a value is expected");
  at_ += word.size();
}

Scanner::Digits Scanner::digits() {
  const std::size_t start = at_;
  std::size_t at = at_;
  std::uint64_t value = 0;
  for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; ++at) {
    value = 10 * value + static_cast<std::uint64_t>(text_[at] - '0');
  }
  at_ = at;
  return {at - start, value};
}

void Scanner::number() {
  const std::size_t start = at_;
  take('-');
  const bool leading_zero = peek() == '0';
  const Digits whole = digits();
  if (whole.count == 0) refuse_syntax("a value is expected");
  if (leading_zero && whole.count > 1) refuse_syntax("a number starts with 0");
  bool is_integer = whole.value != 0 || text_[start] != '-';  // -0 has a sign that no integer keeps
  if (take('.')) {
    is_integer = false;
    if (digits().count == 0) refuse_syntax("a digit is expected after the point");
  }
  if (take('e') || take('E')) {
    is_integer = false;
    if (!take('+')) take('-');
    if (digits().count == 0) refuse_syntax("a digit is expected in the exponent");
  }
  if (is_integer && whole.count <= kExactDigits) {
    const auto value = static_cast<std::int64_t>(whole.value);
    return visitor_.integer(text_[start] == '-' ? -value : value);
  }
  const char* const first = text_.data() + start;
  const char* const last = text_.data() + at_;
  if (std::int64_t value = 0; is_integer && std::from_chars(first, last, value).ec == std::errc()) {
    return visitor_.integer(value);
  }
  if (std::uint64_t value = 0; is_integer && *first != '-' && std::from_chars(first, last, value).ec == std::errc()) {
    return visitor_.big_integer(value);
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec != std::errc()) refuse("a number is not finite as a double, or too small");
  visitor_.number(value);
}

// The characters of a string that stand for themselves.
void Scanner::skip_plain() {
  std::size_t at = at_;
  for (;;) {
    while (text_.size() - at >= kWordBytes) {
      const std::size_t plain = first_marked(not_plain_ascii(word_at(text_, at)));
      at += plain;
      if (plain < kWordBytes) break;
    }
    if (at == text_.size() || text_[at] == '"' || text_[at] == '\\') break;
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x20) break;
    const std::size_t bytes = byte < 0x80 ? 1 : first_utf8_char(text_.substr(at)).bytes;
    if (bytes == 0) break;
    at += bytes;
    while (is_two_byte_char(text_.substr(at))) at += 2;
  }
  at_ = at;
}

std::string_view Scanner::string() {
  std::size_t start = ++at_;
  skip_plain();
  if (peek() == '"') return text_.substr(start, at_++ - start);  // as nearly all are: nothing to decode
  string_.clear();
  for (;; start = at_, skip_plain()) {
    string_.append(text_, start, at_ - start);
    if (at_end()) refuse_syntax("a string does not end");
    if (take('"')) return string_;
    if (!take('\\')) {
      const bool is_control = static_cast<unsigned char>(peek()) < 0x20;
      refuse_syntax(is_control ? "a control character in a string" : "a string is not UTF-8");
    }
    escape();
  }
}

void Scanner::escape() {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t i = kLetters.find(peek()); !at_end() && i != std::string_view::npos) {
    string_ += kMeanings[i];
    ++at_;
    return;
  }
  if (!take('u')) refuse_syntax("an escape that is not defined");
  char32_t c = hex_unit();
  if (c >= 0xD800 && c < 0xDC00 && take('\\') && take('u')) {
    const char32_t low = hex_unit();
    if (low < 0xDC00 || low > 0xDFFF) refuse_syntax("a lone surrogate in a string");
    c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  if (c >= 0xD800 && c <= 0xDFFF) refuse_syntax("a lone surrogate in a string");
  append_utf8(c);
}

char32_t Scanner::hex_unit() {
  std::uint32_t unit = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  if (digits.size() < 4 || end.ptr != digits.data() + 4) refuse_syntax("four hexadecimal digits are expected");
  at_ += 4;
  return unit;
}

void Scanner::append_utf8(char32_t c) {
  const auto tail = [&](int shift) { string_ += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    string_ += static_cast<char>(c);
  } else if (c < 0x800) {
    string_ += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    string_ += static_cast<char>(0xE0 | (c >> 12));
    tail(6), tail(0);
  } else {
    string_ += static_cast<char>(0xF0 | (c >> 18));
    tail(12), tail(6), tail(0);
  }
}

}  // namespace

void visit_json(std::string_view text, std::string_view source, const JsonLimits& limits, JsonVisitor& visitor) {
  Scanner(text, source, limits, visitor).document();
}

}  // namespace zimage::io
