#include "base/log.h"

#include "base/process_time.h"
#include "base/text.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>

namespace zimage::log {
namespace {

struct Output {
  spdlog::logger logger{"zimage", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::atomic<Format> format{Format::text};
};

void apply(Output& output, Level level, Format format) {
  const char* const pattern =
      format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})" : "%v";
  output.logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  switch (level) {
    case Level::debug:
      return output.logger.set_level(spdlog::level::debug);
    case Level::info:
      return output.logger.set_level(spdlog::level::info);
    case Level::warning:
      return output.logger.set_level(spdlog::level::warn);
    case Level::error:
      return output.logger.set_level(spdlog::level::err);
    case Level::off:
      return output.logger.set_level(spdlog::level::off);
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

void write(spdlog::level::level_enum level, const char* prefix, const std::string& message) {
  Output& out = output();
  const std::string line = out.format == Format::json ? json_quoted(message) : prefix + printable(message);
  out.logger.log(level, spdlog::string_view_t(line));
}

}  // namespace

void configure(Level level, Format format) {
  output().format = format;
  apply(output(), level, format);
}

void debug(const std::string& message) { write(spdlog::level::debug, "debug: ", message); }
void info(const std::string& message) { write(spdlog::level::info, "", message); }
void warning(const std::string& message) { write(spdlog::level::warn, "warning: ", message); }
void error(const std::string& message) { write(spdlog::level::err, "error: ", message); }

void milestone(const std::string& event) {
  if (output().logger.should_log(spdlog::level::debug)) {
    debug(std::to_string(process_milliseconds()) + " ms: " + event);
  }
}

}  // namespace zimage::log
