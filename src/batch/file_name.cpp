#include "batch/file_name.h"

#include "zimage/error.h"

#include "base/text.h"
#include "text/nfc.h"
#include "text/unicode.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace zimage::batch {
namespace {

constexpr std::string_view kExtension = ".png";
constexpr std::size_t kMaxDigits = 20;  // of 2^64 - 1

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Names that Windows takes for devices, whatever comes after a dot.
bool is_reserved(std::string_view name) {
  const std::string stem = ascii_lower(name.substr(0, name.find('.')));
  constexpr std::array<std::string_view, 6> kDevices{"con", "prn", "aux", "nul", "conin$", "conout$"};
  if (std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end()) return true;
  if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
  const std::string_view number = std::string_view(stem).substr(3);
  const bool is_digit = number.size() == 1 && number[0] >= '0' && number[0] <= '9';
  return is_digit || number == "\u00b9" || number == "\u00b2" || number == "\u00b3";
}

// Of the scripts that have case, as far as file systems fold it in single characters.
char32_t folded(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (within(U'A', U'Z') || (within(0xC0, 0xDE) && c != 0xD7)) return c + 32;  // Latin
  if (within(0x100, 0x137) || within(0x14A, 0x177) || within(0x1E00, 0x1E95)) return c | 1;
  if (within(0x139, 0x148) || within(0x179, 0x17E)) return c + c % 2;
  if (c == 0x178) return 0xFF;
  if (within(0x391, 0x3AB)) return c + 32;  // Greek
  if (c == 0x3C2) return 0x3C3;
  if (within(0x400, 0x40F)) return c + 80;  // Cyrillic
  if (within(0x410, 0x42F)) return c + 32;
  if (within(0x460, 0x481) || within(0x48A, 0x4BF) || within(0x4D0, 0x52F)) return c | 1;
  if (within(0x531, 0x556)) return c + 48;     // Armenian
  return within(0xFF21, 0xFF3A) ? c + 32 : c;  // full width
}

bool is_word_character(char32_t c) {
  const text::CharClass kind = text::classify(c);
  return kind == text::CharClass::letter || kind == text::CharClass::number;
}

// Of a prompt of any length, as much as a name can come from; whole characters.
std::string_view beginning_of(std::string_view prompt) {
  constexpr std::size_t kBytes = 1024;
  if (prompt.size() <= kBytes) return prompt;
  std::size_t end = kBytes;
  while (end > 0 && text::is_continuation(prompt[end])) --end;
  return prompt.substr(0, end);
}

std::string with_zeros(std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

}  // namespace

std::string slug_of(std::string_view prompt, std::size_t max_bytes) {
  const std::string normal = text::to_nfc(beginning_of(prompt));
  std::string slug;
  bool is_separated = false;
  for (std::string_view rest = normal; !rest.empty();) {
    const Utf8Char c = first_utf8_char(rest);
    if (c.bytes == 0) break;
    if (is_word_character(c.code_point)) {
      const std::size_t hyphen = is_separated && !slug.empty() ? 1 : 0;
      if (slug.size() + hyphen + c.bytes > max_bytes) break;
      slug.append(hyphen, '-').append(ascii_lower(rest.substr(0, c.bytes)));
      is_separated = false;
    } else {
      is_separated = true;
    }
    rest.remove_prefix(c.bytes);
  }
  if (slug.empty()) return "image";
  return is_reserved(slug) ? slug + "_" : slug;
}

std::string breach_of_name(std::string_view name) {
  constexpr std::string_view kRefused = "<>:\"/\\|?*";
  if (name.empty()) return "a file needs a name";
  if (name.size() > kMaxNameBytes) return "a file's name has at most " + std::to_string(kMaxNameBytes) + " bytes";
  if (name.front() == '.' || name.front() == ' ') return "a file's name must not begin with a dot or a space";
  if (!ascii_lower(name).ends_with(kExtension)) return "must end with .png";
  for (std::string_view rest = name; !rest.empty();) {
    const Utf8Char c = first_utf8_char(rest);
    const std::string_view character = rest.substr(0, c.bytes);
    if (c.bytes == 0) return "a file's name must be UTF-8";
    if (printable(character) != character) return "a file's name must not hold " + printable(character);
    if (c.bytes == 1 && kRefused.find(rest.front()) != std::string_view::npos) {
      return "a file's name must not hold '" + std::string(character) + "'";
    }
    rest.remove_prefix(c.bytes);
  }
  return is_reserved(name) ? "names a device on Windows" : "";
}

std::string collision_key(std::string_view name) {
  const std::string normal = text::to_nfc(name);
  std::string key;
  for (std::string_view rest = normal; !rest.empty();) {
    const Utf8Char c = first_utf8_char(rest);
    if (c.bytes == 0) return key.append(rest);
    text::append_utf8(key, folded(c.code_point));
    rest.remove_prefix(c.bytes);
  }
  return key;
}

NameTemplate::NameTemplate(std::string_view text, const std::string& option) : text_(text), option_(option) {
  parts_.emplace_back();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_brace = c == '{' || c == '}';
    if (!is_brace || (at + 1 < text.size() && text[at + 1] == c)) {
      parts_.back().text += c;
      if (is_brace) ++at;
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (c == '}' || end == std::string_view::npos) refuse("a brace without its partner; {{ and }} stand for braces");
    parts_.push_back(parse_field(text.substr(at + 1, end - at - 1)));
    parts_.emplace_back();
    at = end;
  }
  const std::string breach = breach_of_name(filled({}, "x"));
  if (!breach.empty()) refuse(breach);
}

NameTemplate::Part NameTemplate::parse_field(std::string_view inside) const {
  const std::size_t colon = inside.find(':');
  const std::string_view name = inside.substr(0, colon);
  Part part;
  if (name == "index") part.field = Field::index;
  if (name == "seed") part.field = Field::seed;
  if (name == "line") part.field = Field::line;
  if (name == "slug") part.field = Field::slug;
  if (part.field == Field::none)
    refuse("{" + printable(inside, 100).append("}: is none of {index}, {seed}, {line}, {slug}"));
  if (colon == std::string_view::npos) return part;
  const std::string_view digits = inside.substr(colon + 1);
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), part.digits);
  const bool is_width = error == std::errc() && rest == digits.data() + digits.size() && digits.front() == '0' &&
                        part.digits >= 1 && part.digits <= kMaxDigits;
  if (!is_width || part.field == Field::slug) refuse("a number's width is written as in {index:05}, from 01 to 020");
  return part;
}

std::string NameTemplate::filled(const NameFields& fields, const std::string& slug) const {
  std::string name;
  for (const Part& part : parts_) {
    switch (part.field) {
      case Field::none:
        name += part.text;
        break;
      case Field::index:
        name += with_zeros(fields.index, part.digits);
        break;
      case Field::seed:
        name += with_zeros(fields.seed, part.digits);
        break;
      case Field::line:
        name += with_zeros(fields.line, part.digits);
        break;
      case Field::slug:
        name += slug;
        break;
    }
  }
  return name;
}

std::string NameTemplate::fill(const NameFields& fields) const {
  std::string name = filled(fields, slug_of(fields.prompt));
  for (std::size_t slug_bytes = kMaxSlugBytes; name.size() > kMaxNameBytes && --slug_bytes > 0;) {
    name = filled(fields, slug_of(fields.prompt, slug_bytes));
  }
  const std::string breach = breach_of_name(name);
  if (!breach.empty()) refuse("makes " + printable(name, 300) + ": " + breach);
  return name;
}

void NameTemplate::refuse(const std::string& rule) const {
  throw Error(ErrorKind::usage, option_ + " " + printable(text_, 300) + ": " + rule);
}

}  // namespace zimage::batch
