// Every option of `generate`, once: its key in a configuration file, its flag, what it takes, what it says in --help,
// and what reads it. Files, the command line, --help and `config --show` all go by this table.
#pragma once

#include "config/options.h"
#include "config/parse.h"

#include <span>
#include <string_view>

namespace zimage::config {

// How a file writes the value. text: what YAML takes for a number or a boolean needs quotes. word: as on the command
// line. number, boolean: as YAML has them.
enum class Notation { text, word, number, boolean };

struct Setting {
  std::string_view key;    // "image.width"
  std::string_view flag;   // "--width"
  std::string_view takes;  // "PIXELS", "on|off" for words, "[=FILE]" for a value that may be left out; empty: a switch
  Notation notation;
  std::string_view help;                              // with the unit
  std::string_view fallback;                          // the value that holds without it; empty: see fallback_note
  std::string_view fallback_note;                     // in words, where no value says it
  void (*apply)(const OptionValue& value, Options&);  // throws Error(value.breach)
  std::string_view switched = "true";                 // the value that a switch alone gives
  bool may_repeat = false;                            // on the command line; a list in a file

  bool is_switch() const { return takes.empty(); }
  bool may_stand_alone() const { return takes.starts_with('['); }
  std::string_view default_text() const { return fallback.empty() ? fallback_note : fallback; }
};

// Grouped by the sections of a file.
std::span<const Setting> settings();

// A setting that must exist, by its key.
const Setting& setting(std::string_view key);

// Flags that exclude each other: the command line's drops the file's.
bool are_rivals(std::string_view flag, std::string_view other);

}  // namespace zimage::config
