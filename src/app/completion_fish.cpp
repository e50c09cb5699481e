// Completion for fish.
#include "app/completion.h"

namespace zimage::app {
namespace {

std::string in_quotes(const std::string& text) { return "'" + escaped(text, "'\\", "\\") + "'"; }

// -x: needs a value and no file; -r: needs a value.
std::string value_of(const OptionText& option) {
  if (option.value.empty()) return "";
  std::string text = option.may_stand_alone ? "" : " -r";
  std::string list = joined(option.choices, " ");
  if (option.kind == ValueKind::folder) list += " (__fish_complete_directories)";
  text += option.kind == ValueKind::file ? " -F" : " -f";
  return text + (list.empty() ? "" : " -a " + in_quotes(list));
}

std::string line_of(const std::string& condition, const OptionText& option) {
  std::string line = "complete -c zimage -n " + in_quotes(condition) + " -l " + option.name.substr(2);
  if (!option.short_name.empty()) line += " -s " + option.short_name.substr(1);
  return line + value_of(option) + " -d " + in_quotes(option.summary()) + "\n";
}

}  // namespace

std::string fish_completion(const CommandLine& line) {
  std::string script = "# Completion of zimage for fish, made by `zimage completion fish`.\ncomplete -c zimage -f\n";
  const std::string no_command = "__fish_use_subcommand";
  for (const OptionText& option : line.program.options) script += line_of(no_command, option);
  for (const CommandText& command : line.commands) {
    script += "complete -c zimage -n " + in_quotes(no_command) + " -a " + command.name + " -d " +
              in_quotes(command.help) + "\n";
  }
  for (const CommandText& command : line.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionText& option : command.options) script += line_of(condition, option);
    for (const OptionText& positional : command.positionals) {
      script += "complete -c zimage -n " + in_quotes(condition) + " -a " + in_quotes(joined(positional.choices, " ")) +
                " -d " + in_quotes(positional.summary()) + "\n";
    }
  }
  return script;
}

}  // namespace zimage::app
