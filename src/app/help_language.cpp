#include "app/help_language.h"

#include "app/display_width.h"
#include "app/options.h"
#include "app/translation.h"

#include <algorithm>
#include <string>

namespace zimage::app {
namespace {

constexpr const char* kLabels[] = {"Usage",       "OPTIONS",  "SUBCOMMAND", "SUBCOMMANDS",
                                   "Positionals", "REQUIRED", "Subcommands"};

// Takes "BEGIN...END" off the end of a text; empty where there is none.
std::string take_end(std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t at = text.rfind(begin);
  if (at == std::string::npos || !text.ends_with(end)) return "";
  const std::size_t from = at + begin.size();
  std::string inside = text.substr(from, text.size() - end.size() - from);
  text.resize(at);
  return inside;
}

// "What it does [key] (default: value)", as add_text_option and the settings put it together.
std::string description(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::string fallback = take_end(text, " (default: ", ")");
  const std::string key = take_end(text, " [", "]");
  std::string line = in_users_language(text);
  if (!key.empty()) line.append(" [").append(key).append("]");
  std::string otherwise = "(default: ";
  otherwise.append(fallback).append(")");
  if (!fallback.empty()) line.append(" ").append(in_users_language(otherwise));
  return wrapped(line, kHelpColumns);
}

std::string line_by_line(const std::string& text) {
  std::string lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines += in_users_language(text.substr(at, end - at));
    if (end < text.size()) lines += '\n';
    at = end + 1;
  }
  return lines;
}

void translate(CLI::App& command) {
  command.description(in_users_language(command.get_description()));
  command.footer(line_by_line(command.get_footer()));
  for (CLI::Option* option : command.get_options()) {
    option->description(description(option->get_description()));
    option->group(in_users_language(option->get_group()));
  }
  for (CLI::App* subcommand : command.get_subcommands({})) {
    subcommand->group(in_users_language(subcommand->get_group()));
    translate(*subcommand);
  }
}

}  // namespace

void translate_help(CLI::App& program) {
  if (language_of(locale_settings()) == Language::english) return;
  for (const char* const label : kLabels) program.get_formatter()->label(label, in_users_language(label));
  translate(program);
}

}  // namespace zimage::app
