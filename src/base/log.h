// Messages for people on standard error, as text or as JSON lines. Standard output belongs to results.
#pragma once

#include <string>

namespace zimage::log {

enum class Level { debug, info, warning, error, off };
enum class Format { text, json };

// Once, before the first message. Until then: info, text.
void configure(Level level, Format format);

void debug(const std::string& message);
void info(const std::string& message);
void warning(const std::string& message);
void error(const std::string& message);

// A debug message that says how long the process has been running: where the time until the first image goes.
void milestone(const std::string& event);

}  // namespace zimage::log
