#include "app/generate_arguments.h"

#include "base/log.h"
#include "base/text.h"

namespace zimage::app {
namespace {

void apply_log(const config::LogOptions& log) { apply(LogArguments{log.verbose, log.quiet, log.format}); }

void add_setting(CLI::App& command, const config::Setting& setting, config::Config& flags) {
  const auto keep = [&setting, &flags](const std::string& text) {
    const bool alone = setting.is_switch() && text == "true";  // as CLI11 says it
    flags.give(setting, alone ? std::string(setting.switched) : text);
  };
  const std::string fallback = setting.is_switch() ? "" : std::string(setting.default_text());
  const TextOption option{std::string(setting.flag), std::string(setting.takes),
                          std::string(setting.help) + " [" + std::string(setting.key) + "]", fallback};
  CLI::Option* const added = add_text_option(command, keep, option);
  if (setting.is_switch()) added->expected(0);
  if (setting.may_stand_alone()) added->expected(0, 1);
}

}  // namespace

void add_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key)) {
  add_text_option(command, arguments.config_file,
                  {"--config", "FILE",
                   "YAML with the keys in brackets below, a section for each part before a dot; flags win. \"\": none",
                   "./zimage.yaml, else zimage/config.yaml in $XDG_CONFIG_HOME or ~/.config, if there is one"});
  for (const config::Setting& setting : config::settings()) {
    if (is_wanted(setting.key)) add_setting(command, setting, arguments.flags);
  }
}

void add_generate_options(CLI::App& command, GenerateArguments& arguments) {
  add_options(command, arguments, [](std::string_view) { return true; });
}

config::Config merge(const GenerateArguments& arguments) {
  apply_log(arguments.flags.options().log);
  config::Config merged = arguments.flags;
  const auto file = config::find_config_file(arguments.config_file);
  if (file) merged.read(config::read_yaml(*file));
  apply_log(merged.options().log);
  if (file) {
    log::info("configuration: " + printable(file->native()));
  } else {
    log::debug("configuration: no file, built-in defaults");
  }
  return merged;
}

}  // namespace zimage::app
