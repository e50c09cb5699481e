// Completion for bash, without the functions of the package bash-completion.
#include "app/completion.h"

#include <map>
#include <set>

namespace zimage::app {
namespace {

constexpr const char* kBegin = R"(# Completion of zimage for bash, made by `zimage completion bash`.
_zimage() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' options='' i
  local alone=' @ALONE@ '  # take their values behind "=" alone
  COMPREPLY=()
  # bash takes --option=value apart, as readline's word breaks say.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]] && ((COMP_CWORD > 2)); then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $alone == *" $prev "* ]]; then
    prev=''
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
)";

constexpr const char* kEnd = R"(  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _zimage zimage
)";

// What completes a value; the same for all options with the same words and kind of path.
std::string reply_of(const OptionText& option) {
  std::string list;
  if (!option.choices.empty()) list += "compgen -W '" + joined(option.choices, " ") + "' -- \"$cur\"; ";
  const bool has_path = option.kind == ValueKind::file || option.kind == ValueKind::folder;
  if (has_path) list += std::string("compgen ") + (option.kind == ValueKind::file ? "-f" : "-d") + " -- \"$cur\"; ";
  if (list.empty()) return "return";
  return (has_path ? "compopt -o filenames; " : "") + ("mapfile -t COMPREPLY < <(" + list + "); return");
}

// An option whose value may be left out takes it behind "=" alone.
std::string word_of(const OptionText& option) { return option.name + (option.may_stand_alone ? "=" : ""); }

std::string words_of(const CommandText& command) {
  std::vector<std::string> words;
  for (const OptionText& option : command.options) {
    words.push_back(word_of(option));
    if (option.may_stand_alone) words.push_back(option.name);
  }
  for (const OptionText& positional : command.positionals) {
    words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  return joined(words, " ");
}

}  // namespace

std::string bash_completion(const CommandLine& line) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<std::string>> options_by_reply;
  std::string options;
  std::set<std::string> alone;
  for (const CommandText& command : line.commands) {
    names.push_back(command.name);
    options += "    " + command.name + ") options='" + words_of(command) + "' ;;\n";
    for (const OptionText& option : command.options) {
      if (option.value.empty()) continue;
      options_by_reply[reply_of(option)].push_back(command.name + "," + option.name);
      if (option.may_stand_alone) alone.insert(option.name);
    }
  }
  std::string script = kBegin;
  const std::string place = "@ALONE@";
  script.replace(script.find(place), place.size(), joined({alone.begin(), alone.end()}, " "));
  script += "      " + joined(names, "|") + ") command=${COMP_WORDS[i]}; break ;;\n    esac\n  done\n";
  script += "  case $command,$prev in\n";
  for (const auto& [reply, patterns] : options_by_reply) {
    script += "    " + joined(patterns, "|") + ")\n      " + reply + " ;;\n";
  }
  script +=
      "  esac\n  case $command in\n    '') options='" + joined(names, " ") + " " + words_of(line.program) + "' ;;\n";
  return script + options + "  esac\n" + kEnd;
}

}  // namespace zimage::app
