// The command line as data: what CLI11 was told, for the shells' completions and the manual page. Nothing is said
// twice: an option's value is what --help shows, "auto|cpu|cuda:N" naming words to choose from, FILE and DIR paths.
#pragma once

#include <string>
#include <vector>

namespace zimage::app {

enum class ValueKind { none, free, file, folder };

struct OptionText {
  std::string name;                  // "--dtype"; of a positional argument "SHELL"
  std::string short_name;            // "-h", or empty
  std::string value;                 // as --help shows it: "auto|fp16"; empty: a switch
  std::vector<std::string> choices;  // the words among the value's alternatives
  ValueKind kind = ValueKind::none;  // of what is not a word
  bool may_stand_alone = false;      // "--profile" as well as "--profile=FILE"
  bool may_repeat = false;
  std::string help;             // one paragraph
  std::string summary() const;  // its first sentence, without key and default

  friend bool operator==(const OptionText&, const OptionText&) = default;
};

struct CommandText {
  std::string name, help, footer;
  std::vector<OptionText> options, positionals;
};

struct CommandLine {
  CommandText program;
  std::vector<CommandText> commands;
};

// Scripts for the three shells, and a page of the manual (roff).
std::string bash_completion(const CommandLine& line);
std::string zsh_completion(const CommandLine& line);
std::string fish_completion(const CommandLine& line);
std::string manual_page(const CommandLine& line);

// The items with a separator between them.
std::string joined(const std::vector<std::string>& items, const std::string& separator);
// The text with each character of `special` behind a prefix.
std::string escaped(const std::string& text, const std::string& special, const std::string& prefix);

}  // namespace zimage::app
