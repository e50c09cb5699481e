// The text of --help in the user's language.
#pragma once

#include <CLI/CLI.hpp>

namespace zimage::app {

// Of the program and all its commands; before it is printed.
void translate_help(CLI::App& program);

}  // namespace zimage::app
