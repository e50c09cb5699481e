// zimage completion: what shells complete, and the manual page, from the same definition as --help.
#include "app/completion.h"

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "config/parse.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <sstream>

namespace zimage::app {
namespace {

bool is_word(const std::string& text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}

// "[=FILE]" is FILE.
void read_value(OptionText& option) {
  std::string text = option.value;
  if (text.starts_with("[=") && text.ends_with("]")) text = text.substr(2, text.size() - 3);
  std::istringstream alternatives(text);
  option.kind = ValueKind::free;
  for (std::string part; std::getline(alternatives, part, '|');) {
    if (part == "FILE") option.kind = ValueKind::file;
    if (part == "DIR") option.kind = ValueKind::folder;
    if (is_word(part)) option.choices.push_back(part);
  }
}

std::string one_paragraph(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

OptionText describe_option(const CLI::Option& option) {
  OptionText text;
  text.name = option.get_lnames().empty() ? option.get_name(true) : "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) text.short_name = "-" + option.get_snames().front();
  text.help = one_paragraph(option.get_description());
  if (option.get_items_expected_max() == 0) return text;
  text.value = option.get_type_name();
  text.may_stand_alone = option.get_items_expected_min() == 0;
  text.may_repeat = option.get_items_expected_max() > 1 || option.get_trigger_on_parse();
  read_value(text);
  return text;
}

CommandText describe_command(const CLI::App& command) {
  CommandText text{.name = command.get_name(), .help = command.get_description(), .footer = command.get_footer()};
  for (const CLI::Option* option : command.get_options()) {
    (option->nonpositional() ? text.options : text.positionals).push_back(describe_option(*option));
  }
  return text;
}

CommandLine describe(const CLI::App& program) {
  CommandLine line{.program = describe_command(program), .commands = {}};
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    line.commands.push_back(describe_command(*command));
  }
  return line;
}

}  // namespace

std::string OptionText::summary() const {
  const std::string text = help.substr(0, help.find(" (default: "));
  const bool has_key = text.ends_with(']');
  return text.substr(0, std::min({text.find(". "), text.find("; "), has_key ? text.rfind(" [") : std::string::npos}));
}

std::string joined(const std::vector<std::string>& items, const std::string& separator) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

std::string escaped(const std::string& text, const std::string& special, const std::string& prefix) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) result += prefix;
    result += c;
  }
  return result;
}

Command completion_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "completion", "Print what a shell needs to complete this command line, or the manual page");
  command->footer(
      "Example:\n  zimage completion bash > ~/.local/share/bash-completion/completions/zimage\n"
      "  zimage completion zsh > ~/.zfunc/_zimage        # with fpath+=(~/.zfunc) before compinit in ~/.zshrc\n"
      "  zimage completion fish > ~/.config/fish/completions/zimage.fish\n"
      "  zimage completion man | man -l -\n");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "What to print it for; man: the manual page, as roff")
      ->type_name("bash|zsh|fish|man")
      ->required();
  return {command, [&program, shell] {
            const std::string name = config::parse_choice({"SHELL", *shell}, {"bash", "zsh", "fish", "man"});
            const CommandLine line = describe(program);
            print(name == "bash"   ? bash_completion(line)
                  : name == "zsh"  ? zsh_completion(line)
                  : name == "fish" ? fish_completion(line)
                                   : manual_page(line));
          }};
}

}  // namespace zimage::app
