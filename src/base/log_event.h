// What a message is about, for programs that read the log: a name, and fields with values. And how messages are shown.
#pragma once

#include "base/log.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace zimage::log {

struct Field {
  std::string name;
  std::variant<std::string, std::int64_t, std::uint64_t, double> value;  // a number that is not finite becomes null
};

struct Event {
  std::string name;     // docs/logging.md has them all
  std::string message;  // one line for people
  std::vector<Field> fields;
};

// As text the message alone, as JSON an object with the fields too.
void write(Level level, const Event& event);
// As JSON alone: people see it on the progress bar, or do not ask for it.
void write_for_programs(Level level, const Event& event);
// True where write_for_programs writes something.
bool is_read_by_programs();

// Everything from here on goes to the end of this file too, in the same format but without colours; each message is
// one write. Throws Error(io).
void append_to(const std::filesystem::path& file);

// Whether "error:" and "warning:" are coloured in text on standard error.
enum class Colours { plain, coloured };
void set_colours(Colours colours);

// What text says in the place of English, asked for a message and for "error: " alone; JSON stays English.
using Translation = std::string (*)(const std::string& message);
void set_translation(Translation translation);

}  // namespace zimage::log
