// The page zimage(1) of the manual, in the roff macros "man".
#include "app/completion.h"

#include <algorithm>
#include <sstream>

namespace zimage::app {
namespace {

constexpr const char* kAfterCommands = R"(.SH FILES
.TP
.I ./zimage.yaml\fR, \fI~/.config/zimage/config.yaml
Options from a file, where
.B \-\-config
names no other.
.TP
.I ~/.cache/huggingface
Where
.B \-\-model
.I ORGANISATION/NAME
finds what the Hugging Face tools have downloaded.
.SH ENVIRONMENT
.TP
.B ZIMAGE_MODEL
A checkpoint folder, where
.B \-\-model
is not given.
.TP
.BR HF_HOME ", " HF_HUB_CACHE ", " XDG_CACHE_HOME ", " XDG_CONFIG_HOME
Where those files are.
.SH "EXIT STATUS"
.TP
.B 0
Done.
.TP
.B 1
A defect of zimage.
.TP
.B 2
An option that breaks its rule.
.TP
.B 3
A model or configuration file that breaks its format.
.TP
.B 4
A file that cannot be read or written.
.TP
.B 5
Does not fit into memory.
.TP
.B 6
No such device, or it failed.
.TP
.B 7
A result that is not finite; no picture is written.
.TP
.B 8
Some images of a batch failed; the others are there.
.TP
.BR 130 ", " 143
Interrupted; nothing torn is left behind.
)";

// A text line: backslashes and hyphens as they are typed, and no request by accident.
std::string roff(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\\' ? std::string("\\e") : c == '-' ? std::string("\\-") : std::string(1, c);
  return (line.starts_with('.') || line.starts_with('\'') ? "\\&" : "") + line;
}

// Not hyphenated, where it is an option's name.
std::string bold(const std::string& text) { return "\\%\\fB" + roff(text) + "\\fR"; }

// Words as they are typed in bold, what stands for something in italics: auto|cpu|cuda:N.
std::string value_of(const std::string& value) {
  if (value.find('|') == std::string::npos) return "\\fI" + roff(value) + "\\fR";
  std::string text;
  std::istringstream alternatives(value);
  for (std::string part; std::getline(alternatives, part, '|');) {
    const bool stands_for = std::any_of(part.begin(), part.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    text += (text.empty() ? "" : "|") + (stands_for ? "\\fI" + roff(part) + "\\fR" : bold(part));
  }
  return text;
}

std::string entry_of(const OptionText& option) {
  std::string text = ".TP\n";
  if (!option.short_name.empty()) text += bold(option.short_name) + ", ";
  text += option.name.starts_with('-') ? bold(option.name) : value_of(option.value);
  if (!option.value.empty() && option.name.starts_with('-')) {
    text += (option.may_stand_alone ? "" : " ") + value_of(option.value);
  }
  return text + "\n" + roff(option.help) + "\n";
}

// The lines of a footer that are commands.
std::string examples_of(const CommandText& command) {
  std::istringstream lines(command.footer);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) text += roff(line.substr(2)) + "\n";
  }
  return text;
}

bool holds(const std::vector<OptionText>& options, const OptionText& wanted) {
  return std::find(options.begin(), options.end(), wanted) != options.end();
}

// Options that `first`, the command described before all others, has just so are named only.
std::string section_of(const CommandText& command, const CommandText& first) {
  std::string text = ".SS \"zimage " + roff(command.name) + "\"\n" + roff(command.help) + ".\n";
  std::vector<std::string> shared;
  for (const OptionText& positional : command.positionals) text += entry_of(positional);
  for (const OptionText& option : command.options) {
    if (option.name == "--help") continue;
    if (command.name != first.name && holds(first.options, option)) {
      shared.push_back(bold(option.name));
    } else {
      text += entry_of(option);
    }
  }
  if (!shared.empty()) {
    text += ".PP\nAs for " + bold("zimage " + first.name) + ":\n" + joined(shared, ",\n") + ".\n";
  }
  return text;
}

}  // namespace

std::string manual_page(const CommandLine& line) {
  std::string page = ".\\\" Made by `zimage completion man`.\n.TH ZIMAGE 1 \"\" \"zimage " ZIMAGE_VERSION
                     "\" \"User Commands\"\n.SH NAME\nzimage \\- text to image with Z\\-Image\\-Turbo\n.SH SYNOPSIS\n"
                     ".B zimage\n.I COMMAND\n.RI [ OPTION ...]\n.br\n.B zimage \\-\\-help\n.br\n.B zimage\n"
                     ".I COMMAND\n.B \\-\\-help\n.SH DESCRIPTION\n";
  page +=
      roff(line.program.help) +
      "\nWithout a model of your own it takes a small one that comes with it.\nResults go to standard output, messages "
      "to standard error.\n.SH COMMANDS\n";
  std::string examples;
  for (const CommandText& command : line.commands) {
    page += section_of(command, line.commands.front());
    examples += examples_of(command);
  }
  return page + kAfterCommands + ".SH EXAMPLES\n.nf\n" + examples + ".fi\n";
}

}  // namespace zimage::app
