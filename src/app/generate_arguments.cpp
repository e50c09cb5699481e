#include "app/generate_arguments.h"

#include "app/prompt_argument.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/device.h"

namespace zimage::app {
namespace {

void apply_log(const config::LogOptions& log) { apply(LogArguments{log.verbose, log.quiet, log.format, log.file}); }

void add_setting(CLI::App& command, const config::Setting& setting, GenerateArguments& arguments) {
  const auto keep = [&setting, &arguments](const std::string& text) {
    if (setting.may_repeat) return arguments.prompts.push_back(text);  // the only such one
    const bool alone = setting.is_switch() && text == "true";          // as CLI11 says it
    arguments.flags.give(setting, alone ? std::string(setting.switched) : text);
  };
  const std::string fallback = setting.is_switch() ? "" : std::string(setting.default_text());
  const TextOption option{std::string(setting.flag), std::string(setting.takes),
                          std::string(setting.help) + " [" + std::string(setting.key) + "]", fallback};
  CLI::Option* const added = add_text_option(command, keep, option);
  if (setting.is_switch()) added->expected(0);
  if (setting.may_repeat) added->trigger_on_parse();
  if (setting.may_stand_alone()) added->expected(0, 1);
}

std::optional<std::string> device_of(const config::Config& config) {
  const config::Given* const given = config.given(config::setting("device"));
  return given == nullptr ? std::nullopt : std::optional(given->text);
}

DeviceWish device_wish(const config::Config& flags, const std::optional<config::YamlDocument>& document) {
  config::Config file;
  if (document) file.read(*document);
  return {device_of(flags), device_of(file), !cuda_devices().empty()};
}

}  // namespace

void add_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key)) {
  add_text_option(command, arguments.config_file,
                  {"--config", "FILE",
                   "YAML with the keys in brackets below, a section for each part before a dot; flags win. \"\": none",
                   "./zimage.yaml, else zimage/config.yaml in $XDG_CONFIG_HOME or ~/.config, if there is one"});
  for (const config::Setting& setting : config::settings()) {
    if (is_wanted(setting.key)) add_setting(command, setting, arguments);
  }
}

void add_generate_options(CLI::App& command, GenerateArguments& arguments, bool (*is_wanted)(std::string_view key)) {
  add_options(command, arguments, is_wanted);
  add_text_option(command, arguments.from,
                  {"--from", "FILE",
                   "Make this picture of zimage again: what it says of itself stands over the configuration file and "
                   "$ZIMAGE_MODEL; flags win. Of other programs' pictures prompt, seed, steps and size are taken"});
}

std::optional<Recreation> recreation_of(const GenerateArguments& arguments) {
  if (!arguments.from) return std::nullopt;
  return Recreation(*arguments.from);
}

config::Config merge(const GenerateArguments& arguments, const std::optional<Recreation>& recreation) {
  apply_log(arguments.flags.options().log);
  config::Config merged = arguments.flags;
  for (const std::string& prompt : read_prompts(arguments.prompts)) {
    merged.give(config::setting("prompt.text"), prompt);
  }
  const auto file = config::find_config_file(arguments.config_file);
  std::optional<config::YamlDocument> document;
  if (file) document = config::read_yaml(*file);
  if (recreation) merged.add(recreation->settings(device_wish(merged, document)));
  if (document) merged.read(*document);
  apply_log(merged.options().log);
  if (file) {
    log::info("configuration: " + printable(file->native()));
  } else {
    log::debug("configuration: no file, built-in defaults");
  }
  return merged;
}

}  // namespace zimage::app
