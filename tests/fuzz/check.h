// What every reader owes to any input: it accepts, or it refuses with one line.
#pragma once

#include "zimage/error.h"

#include "base/text.h"

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace zimage::fuzz {

// A promise that a reader did not keep. Nobody catches it.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& promise) {
  if (!holds) throw Broken(promise);
}

inline void check_message(const Error& error, std::initializer_list<ErrorKind> kinds) {
  constexpr std::size_t kMaxBytes = 2000;
  const std::string_view line = error.what();
  bool is_kind = false;
  for (const ErrorKind kind : kinds) is_kind |= error.kind() == kind;
  require(is_kind, "an error of another kind: " + std::string(line));
  require(!line.empty() && line.size() <= kMaxBytes, "a message that is empty or long");
  require(is_utf8(line), "a message that is not UTF-8");
  for (const char c : line) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a message of several lines");
}

// Whether `read` takes its input. Throws Broken for another kind of refusal than these, and for a bad message.
template <class Read>
bool accepts(std::initializer_list<ErrorKind> kinds, const Read& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    check_message(error, kinds);
    return false;
  }
}

}  // namespace zimage::fuzz
