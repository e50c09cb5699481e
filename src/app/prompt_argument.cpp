#include "app/prompt_argument.h"

#include "zimage/error.h"

#include "app/batch_input.h"
#include "app/prompt_file.h"
#include "app/signals.h"

#include <algorithm>

namespace zimage::app {
namespace {

std::string read_prompt(const std::string& argument) {
  if (argument == "-") {
    return prompt_of_bytes(batch::read_all(standard_input(stop_if_signalled), kMaxPromptBytes), "standard input");
  }
  if (argument.starts_with("@@") || !argument.starts_with('@'))
    return argument.substr(argument.starts_with('@') ? 1 : 0);
  return read_prompt_file(argument.substr(1));
}

}  // namespace

std::vector<std::string> read_prompts(const std::vector<std::string>& arguments) {
  if (std::count(arguments.begin(), arguments.end(), "-") > 1) {
    throw Error(ErrorKind::usage, "--prompt -: standard input can be read once only");
  }
  std::vector<std::string> prompts;
  for (const std::string& argument : arguments) prompts.push_back(read_prompt(argument));
  return prompts;
}

}  // namespace zimage::app
