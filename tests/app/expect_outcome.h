// What every refusal must look like.
#pragma once

#include "app/zimage_process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace zimage::test {

inline long lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

// The exit code, no signal, nothing on standard output, and one line "error: ..." that holds the words.
inline void expect_refused(const Outcome& outcome, int exit_code, const std::vector<std::string>& words) {
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.substr(0, 7), "error: ") << outcome.err;
  EXPECT_EQ(lines_of(outcome.err), 1) << outcome.err;
  for (const std::string& word : words) {
    EXPECT_NE(outcome.err.find(word), std::string::npos) << "no '" << word << "': " << outcome.err;
  }
}

inline void expect_success(const Outcome& outcome) {
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

}  // namespace zimage::test
