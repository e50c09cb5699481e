// Completion for zsh, by _arguments.
#include "app/completion.h"

namespace zimage::app {
namespace {

std::string in_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string described(const std::string& summary) { return "[" + escaped(summary, "[]\\:", "\\") + "]"; }

// ":what it takes:what completes it"
std::string value_of(const OptionText& option) {
  const std::string message = ":" + escaped(option.value, ":\\", "\\") + ":";
  if (option.kind == ValueKind::file) return message + "_files";
  if (option.kind == ValueKind::folder) return message + "_files -/";
  return message + (option.choices.empty() ? " " : "(" + joined(option.choices, " ") + ")");
}

std::string spec_of(const OptionText& option) {
  const std::string repeat = option.may_repeat ? "*" : "";
  if (option.value.empty()) {
    const std::string plain = in_quotes(repeat + option.name + described(option.summary()));
    return option.short_name.empty()
               ? plain
               : plain + " " + in_quotes(repeat + option.short_name + described(option.summary()));
  }
  const std::string name = repeat + option.name + (option.may_stand_alone ? "=-" : "=");
  return in_quotes(name + described(option.summary()) + (option.may_stand_alone ? ":" : "") + value_of(option));
}

std::string specs_of(const CommandText& command, const std::string& indent) {
  std::string text;
  for (const OptionText& option : command.options) text += " \\\n" + indent + spec_of(option);
  int place = 1;
  for (const OptionText& positional : command.positionals) {
    text += " \\\n" + indent + in_quotes(std::to_string(place++) + value_of(positional));
  }
  return text;
}

}  // namespace

std::string zsh_completion(const CommandLine& line) {
  std::string script =
      "#compdef zimage\n# Completion of zimage for zsh, made by `zimage completion zsh`.\n"
      "_zimage() {\n  local context state state_descr line\n  typeset -A opt_args\n  local -a commands\n  commands=(\n";
  for (const CommandText& command : line.commands) {
    script += "    " + in_quotes(command.name + ":" + escaped(command.help, ":\\", "\\")) + "\n";
  }
  script += "  )\n  _arguments -C" + specs_of(line.program, "    ");
  script += " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n";
  script += "    command) _describe -t commands command commands ;;\n    argument)\n      case $words[1] in\n";
  for (const CommandText& command : line.commands) {
    script += "        " + command.name + ")\n          _arguments" + specs_of(command, "            ") + " ;;\n";
  }
  return script +
         "      esac ;;\n  esac\n}\nif [[ $funcstack[1] == _zimage ]]; then _zimage \"$@\"; else compdef _zimage "
         "zimage; fi\n";
}

}  // namespace zimage::app
