#include "app/options.h"

#include "zimage/error.h"

#include "app/display_width.h"
#include "base/log_event.h"
#include "config/parse.h"
#include "config/settings.h"

namespace zimage::app {
namespace {

// The value of an option wherever it stands.
std::optional<std::string> value_of(const std::vector<std::string>& arguments, const std::string& option) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with(option + "=")) return arguments[i].substr(option.size() + 1);
    if (arguments[i] == option && i + 1 < arguments.size()) return arguments[i + 1];
  }
  return std::nullopt;
}

}  // namespace

CLI::Option* add_text_option(CLI::App& command, const std::function<void(const std::string&)>& keep,
                             const TextOption& option) {
  const std::string fallback = option.fallback.empty() ? "" : " (default: " + option.fallback + ")";
  return command.add_option_function<std::string>(option.name, keep, wrapped(option.help + fallback, kHelpColumns))
      ->type_name(option.value);
}

CLI::Option* add_text_option(CLI::App& command, std::optional<std::string>& into, const TextOption& option) {
  return add_text_option(
      command, [&into](const std::string& text) { into = text; }, option);
}

void add_model_options(CLI::App& command, ModelChoice& into) {
  const auto add = [&](const char* key, const std::function<void(const std::string&)>& keep) {
    const config::Setting& setting = config::setting(key);
    add_text_option(command, keep,
                    {std::string(setting.flag), std::string(setting.takes), std::string(setting.help),
                     std::string(setting.default_text())});
  };
  const auto add_path = [&](const char* key, std::filesystem::path& path) {
    add(key, [key, &path](const std::string& text) { path = config::parse_path({config::setting(key).flag, text}); });
  };
  add("model", [&into](const std::string& text) { into.model = text; });
  add_path("transformer", into.components.transformer);
  add_path("text_encoder", into.components.text_encoder);
  add_path("vae", into.components.vae);
  add_path("tokenizer", into.components.tokenizer);
}

void add_log_options(CLI::App& command, LogArguments& arguments) {
  command.add_flag("--verbose", arguments.verbose, "Say more");
  command.add_flag("--quiet", arguments.quiet, "Warnings and errors only");
  add_text_option(command, arguments.format,
                  {"--log-format", "text|json",
                   "How messages on standard error are written; json: one event a line (docs/logging.md)", "text"});
  add_text_option(command, arguments.file,
                  {"--log-file", "FILE", "Append the messages to this file too, in the same format"});
}

void apply(const LogArguments& arguments) {
  if (arguments.verbose && arguments.quiet) throw Error(ErrorKind::usage, "--quiet: not together with --verbose");
  const auto level = arguments.verbose ? log::Level::debug : arguments.quiet ? log::Level::warning : log::Level::info;
  const std::string format =
      config::parse_choice({"--log-format", arguments.format.value_or("text")}, {"text", "json"});
  log::configure(level, format == "json" ? log::Format::json : log::Format::text);
  if (arguments.file) log::append_to(*arguments.file);
}

void apply_log_format(const std::vector<std::string>& arguments) {
  try {
    apply(LogArguments{.format = value_of(arguments, "--log-format"), .file = value_of(arguments, "--log-file")});
  } catch (const Error&) {
    return;  // what cannot be parsed comes first
  }
}

}  // namespace zimage::app
