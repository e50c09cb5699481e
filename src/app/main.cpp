// The executable: parses, runs one subcommand, and turns every failure into one line and an exit code.
#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "app/command.h"
#include "app/error_event.h"
#include "app/help_language.h"
#include "app/model_commands.h"
#include "app/options.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/terminal.h"
#include "app/translation.h"
#include "app/version.h"
#include "base/log_event.h"

#include <signal.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

namespace zimage::app {
namespace {

constexpr int kPartialBatch = 8;
constexpr int kSignalBase = 128;

// A full pipe or a file-size limit shall be a failed write, not the end of the process.
void fail_writes_instead_of_dying() {
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_IGN);
}

// CLI11 takes the next argument for the value of "--name=", the empty value included.
std::vector<std::string> separated(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    const bool empty_value = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    if (empty_value) argument.pop_back();
    arguments.push_back(std::move(argument));
    if (empty_value) arguments.emplace_back();
  }
  return arguments;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Throws Error(usage) for what CLI11 refuses; true: help or version was asked for, and printed.
bool parse(CLI::App& program, std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    program.parse(std::move(arguments));
    return false;
  } catch (const CLI::CallForHelp&) {
    translate_help(program);
    print(program.help());
  } catch (const CLI::CallForVersion&) {
    print(version_text() + "\n");
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, first_line(error.what()));
  }
  return true;
}

void run(int argc, char** argv) {
  CLI::App program("Draws pictures from prompts with Z-Image-Turbo.", "zimage");
  program.require_subcommand(1);
  program.set_version_flag("--version", "", "Versions of zimage, LibTorch, CUDA and cuDNN");
  program.footer(
      "Example:\n  zimage generate --prompt \"a red circle on a white background\"\n\n"
      "zimage COMMAND --help tells each command's options.\n");
  const std::vector<Command> commands{generate_command(program), batch_command(program),   show_command(program),
                                      tokenize_command(program), inspect_command(program), plan_command(program),
                                      devices_command(program),  doctor_command(program),  config_command(program),
                                      convert_command(program),  verify_command(program),  completion_command(program)};
  std::vector<std::string> arguments = separated(argc, argv);
  apply_log_format(arguments);  // for errors in the others
  if (parse(program, std::move(arguments))) return;
  for (const Command& command : commands) {
    if (command.parser->parsed()) command.run();
  }
}

int fail(const Failure& failure) {
  log::write(log::Level::error, error_event(failure));
  return failure.code;
}

int fail(const Error& error) { return fail(failure_of(error)); }

int run_and_report(int argc, char** argv) {
  try {
    run(argc, argv);
    return 0;
  } catch (const Cancelled&) {
    return fail({kSignalBase + received_signal(), "interrupted", "interrupted"});
  } catch (const PartialBatch& batch) {
    return fail({kPartialBatch, "partial", batch.line});
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::bad_alloc&) {
    return fail(Error(ErrorKind::memory, "out of host memory"));
  } catch (const std::exception& error) {
    return fail(Error(ErrorKind::internal, "internal: " + first_line(error.what())));
  } catch (...) {
    return fail(Error(ErrorKind::internal, "internal: unknown exception"));
  }
}

}  // namespace
}  // namespace zimage::app

int main(int argc, char** argv) {
  zimage::app::reserve_standard_descriptors();
  zimage::app::fail_writes_instead_of_dying();
  zimage::log::set_translation(zimage::app::in_users_language);
  if (zimage::app::wants_colours()) zimage::log::set_colours(zimage::log::Colours::coloured);
  return zimage::app::run_and_report(argc, argv);
}
