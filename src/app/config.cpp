// zimage config: the options of `generate`, merged.
#include "app/command.h"
#include "app/generate_arguments.h"
#include "app/output.h"

#include <memory>

namespace zimage::app {

Command config_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "config", "Print the options of generate as configuration file and flags have them, and where each came from");
  command->footer("Example:\n  zimage config --show --vram-budget 12GiB > zimage.yaml\n");
  command
      ->add_flag_callback(
          "--show", [] {}, "Print them as YAML, itself a configuration file")
      ->required();
  const auto arguments = std::make_shared<GenerateArguments>();
  // All but the one whose flag means something else here.
  add_generate_options(*command, *arguments, [](std::string_view key) { return key != "output.show"; });
  return {command, [arguments] { print(config::to_yaml(merge(*arguments, recreation_of(*arguments)))); }};
}

}  // namespace zimage::app
