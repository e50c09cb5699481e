#include "base/log.h"

#include "base/log_event.h"
#include "base/log_file.h"
#include "base/process_time.h"
#include "base/text.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <memory>

namespace zimage::log {
namespace {

using SpdLevel = spdlog::level::level_enum;

struct Output {
  spdlog::logger terminal{"zimage", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  spdlog::logger file{"zimage"};  // without a sink until there is a file
  std::atomic<Format> format{Format::text};
  std::atomic<Colours> colours{Colours::plain};
  std::atomic<Translation> translation{nullptr};
};

SpdLevel level_of(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

void apply_pattern(spdlog::logger& logger, Format format) {
  const char* const pattern = format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%v";
  logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
}

void apply(Output& output, Level level, Format format) {
  for (spdlog::logger* logger : {&output.terminal, &output.file}) {
    apply_pattern(*logger, format);
    logger->set_level(level_of(level));
  }
}

// The process has one standard error, so there is one of these.
Output& output() {
  struct Configured : Output {
    Configured() { apply(*this, Level::info, Format::text); }
  };
  static Configured instance;
  return instance;
}

const char* prefix_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug: ";
    case Level::warning:
      return "warning: ";
    case Level::error:
      return "error: ";
    default:
      return "";
  }
}

const char* colour_of(Level level) {
  switch (level) {
    case Level::debug:
      return "\x1b[2m";  // dim
    case Level::warning:
      return "\x1b[1;33m";  // bold yellow
    case Level::error:
      return "\x1b[1;31m";  // bold red
    default:
      return "";
  }
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return std::string(digits.data(), end);
}

struct JsonText {
  std::string operator()(const std::string& text) const { return json_quoted(text); }
  std::string operator()(double value) const { return number_text(value); }
  template <class Integer>
  std::string operator()(Integer value) const {
    return std::to_string(value);
  }
};

std::string json_members(const Event& event) {
  std::string members = "\"event\":" + json_quoted(event.name) + ",\"message\":" + json_quoted(event.message);
  for (const Field& field : event.fields) {
    members += ',';
    members += json_quoted(field.name);
    members += ':';
    members += std::visit(JsonText(), field.value);
  }
  return members;
}

// In the user's language, and safe to show.
std::string shown(const std::string& text) {
  const Translation translation = output().translation;
  return printable(translation == nullptr ? text : translation(text));
}

using Time = spdlog::log_clock::time_point;

void send(spdlog::logger& logger, Level level, const std::string& line, Time now = spdlog::log_clock::now()) {
  logger.log(now, spdlog::source_loc(), level_of(level), spdlog::string_view_t(line));
}

void send_text(Level level, const std::string& message) {
  Output& out = output();
  const std::string prefix = shown(prefix_of(level)), line = shown(message);
  const bool plain = prefix.empty() || out.colours == Colours::plain;
  send(out.terminal, level, plain ? prefix + line : colour_of(level) + prefix + "\x1b[0m" + line);
  send(out.file, level, prefix + line);
}

void write_json(Level level, const Event& event) {
  const std::string members = json_members(event);
  const Time now = spdlog::log_clock::now();  // the same on both
  send(output().terminal, level, members, now);
  send(output().file, level, members, now);
}

// A log file that takes no more does not end a run.
void say_on_terminal(const std::string& failure) {
  Output& out = output();
  const bool json = out.format == Format::json;
  send(out.terminal, Level::warning, json ? json_members({"warning", failure, {}}) : "warning: " + printable(failure));
}

void write_message(Level level, const char* name, const std::string& message) { write(level, {name, message, {}}); }

}  // namespace

void configure(Level level, Format format) {
  output().format = format;
  apply(output(), level, format);
}

void append_to(const std::filesystem::path& file) {
  Output& out = output();
  out.file.sinks() = {std::make_shared<FileSink>(file)};
  apply_pattern(out.file, out.format);
  out.file.set_error_handler(say_on_terminal);
}

void set_colours(Colours colours) { output().colours = colours; }
void set_translation(Translation translation) { output().translation = translation; }

void write(Level level, const Event& event) {
  Output& out = output();
  if (!out.terminal.should_log(level_of(level))) return;
  if (out.format == Format::json) return write_json(level, event);
  send_text(level, event.message);
}

bool is_read_by_programs() {
  return output().format == Format::json && output().terminal.should_log(spdlog::level::info);
}

void write_for_programs(Level level, const Event& event) {
  if (output().format == Format::json && output().terminal.should_log(level_of(level))) write_json(level, event);
}

void debug(const std::string& message) { write_message(Level::debug, "message", message); }
void info(const std::string& message) { write_message(Level::info, "message", message); }
void warning(const std::string& message) { write_message(Level::warning, "warning", message); }
void error(const std::string& message) { write_message(Level::error, "error", message); }

void milestone(const std::string& event) {
  if (!output().terminal.should_log(spdlog::level::debug)) return;
  const std::int64_t age = process_milliseconds();
  write(Level::debug, {"milestone", std::to_string(age) + " ms: " + event, {{"ms", age}}});
}

}  // namespace zimage::log
