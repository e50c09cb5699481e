// The subcommands that read or write a model's files and draw nothing.
#pragma once

#include "app/command.h"

namespace zimage::app {

Command convert_command(CLI::App& program);
Command verify_command(CLI::App& program);

}  // namespace zimage::app
