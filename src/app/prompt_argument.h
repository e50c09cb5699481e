// What --prompt may be instead of a prompt.
#pragma once

#include <string>
#include <vector>

namespace zimage::app {

// "-" is standard input, "@FILE" a file's content, "@@TEXT" the prompt "@TEXT"; all else is the prompt itself.
// Throws Error(usage) where standard input is asked for twice or a text is no prompt, Error(io), and Cancelled after a
// signal.
std::vector<std::string> read_prompts(const std::vector<std::string>& arguments);

}  // namespace zimage::app
