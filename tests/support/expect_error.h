// Expectations on zimage::Error: its kind, and that it is one line with the words that a person needs.
#pragma once

#include "zimage/error.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace zimage::test {

template <class Action>
void expect_error(ErrorKind kind, const std::vector<std::string>& words, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string line = error.what();
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << line;
    for (const std::string& word : words)
      EXPECT_NE(line.find(word), std::string::npos) << "no '" << word << "': " << line;
    EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos) << "not one plain line: " << line;
    EXPECT_LE(line.size(), 1000U) << line;
    return;
  }
  ADD_FAILURE() << "accepted";
}

}  // namespace zimage::test
