// Lists of alternatives in a prompt: "a {red|blue} {circle|square}" is four prompts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::batch {

class Wildcards {
 public:
  static constexpr std::uint64_t kMaxPrompts = 1'000'000;

  // {a|b|} is a list, whose last alternative here is nothing; {{ and }} stand for braces. place: for messages.
  // Throws Error(usage) for a brace that is not closed or not opened, a list in a list, and too many prompts.
  Wildcards(std::string_view prompt, const std::string& place);
  // The prompt as it stands.
  static Wildcards none(std::string prompt);

  std::uint64_t count() const { return count_; }
  // The index-th prompt; the last list changes first, as in nested loops.
  std::string prompt(std::uint64_t index) const;

 private:
  Wildcards() = default;

  std::vector<std::vector<std::string>> parts_;  // text is a list of one
  std::uint64_t count_ = 1;
};

}  // namespace zimage::batch
