#include "io/parameters.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/json.h"

#include <algorithm>
#include <optional>

namespace zimage::io {
namespace {

constexpr std::string_view kNegative = "Negative prompt:";
constexpr std::size_t kFewestFields = 3;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t start = text.find_first_not_of(kSpace);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpace) - start + 1);
}

// What separates fields, or keeps them together, needs quotes.
std::string written(const std::string& value) {
  const bool is_plain = value.find_first_of(",:\n\"{}[]") == std::string::npos && trimmed(value) == value;
  return is_plain ? value : json_quoted(value);
}

std::string read(std::string_view value) {
  if (!value.starts_with('"')) return std::string(value);
  try {
    const Json json = parse_json(value, "value");
    if (const std::string* const text = json.as<std::string>()) return *text;
  } catch (const Error&) {
    // Not quoted as a whole: as it stands.
  }
  return std::string(value);
}

bool is_name(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == ' ' || c == '-' || c == '/'; });
}

// Up to the next comma that is outside of quotes, braces and brackets.
std::string_view next_piece(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      ++depth;
    } else if (!quoted && (c == '}' || c == ']')) {
      --depth;
    } else if (!quoted && depth <= 0 && c == ',') {
      return text.substr(0, i);
    }
  }
  return text;
}

// Nothing for a line of fewer fields than make it one.
std::optional<std::vector<std::pair<std::string, std::string>>> fields_of(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!line.empty()) {
    const std::string_view piece = next_piece(line);
    line.remove_prefix(std::min(line.size(), piece.size() + 1));
    const std::size_t colon = piece.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(piece.substr(0, colon));
    if (is_name(name)) fields.emplace_back(name, read(trimmed(piece.substr(colon + 1))));
  }
  if (fields.size() < kFewestFields) return std::nullopt;
  return fields;
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty()) text += '\n';
  text += line;
}

}  // namespace

const std::string* Parameters::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::string to_string(const Parameters& parameters) {
  std::string text = parameters.prompt;
  if (!parameters.negative_prompt.empty()) {
    text.append("\n").append(kNegative).append(" ").append(parameters.negative_prompt);
  }
  std::string line;
  for (const auto& [name, value] : parameters.fields) {
    line.append(line.empty() ? "" : ", ").append(name).append(": ").append(written(value));
  }
  return line.empty() ? text : text + "\n" + line;
}

Parameters parse_parameters(std::string_view text) {
  Parameters parameters;
  text = trimmed(text);
  const std::size_t last = text.rfind('\n') + 1;  // 0: there is one line only
  if (auto fields = fields_of(text.substr(last))) {
    parameters.fields = std::move(*fields);
    text = trimmed(text.substr(0, last));
  }
  std::string* into = &parameters.prompt;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.starts_with(kNegative)) {
      into = &parameters.negative_prompt;
      line = trimmed(line.substr(kNegative.size()));
      if (line.empty()) continue;
    }
    append_line(*into, line);
  }
  for (std::string* const prompt : {&parameters.prompt, &parameters.negative_prompt}) {
    *prompt = std::string(trimmed(*prompt));
  }
  return parameters;
}

}  // namespace zimage::io
