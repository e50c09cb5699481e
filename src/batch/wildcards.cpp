#include "batch/wildcards.h"

#include "zimage/error.h"

#include <utility>

namespace zimage::batch {
namespace {

class Parser {
 public:
  Parser(std::string_view prompt, const std::string& place) : text_(prompt), place_(place) {}

  std::vector<std::vector<std::string>> parts() {
    std::vector<std::vector<std::string>> parts{{""}};
    while (at_ < text_.size()) {
      if (text_[at_] == '{' && !is_doubled()) {
        parts.push_back(list());
        parts.push_back({""});
      } else {
        if (text_[at_] == '}' && !is_doubled()) refuse("a } without its {; }} stands for a brace");
        parts.back().front() += character();
      }
    }
    return parts;
  }

 private:
  bool is_doubled() const { return at_ + 1 < text_.size() && text_[at_ + 1] == text_[at_]; }

  // One byte, or the brace that two stand for.
  char character() {
    const char c = text_[at_];
    at_ += c == '{' || c == '}' ? 2 : 1;
    return c;
  }

  std::vector<std::string> list() {
    const std::size_t start = at_++;
    std::vector<std::string> alternatives{""};
    for (; at_ < text_.size() && text_[at_] != '}'; ++at_) {
      if (text_[at_] == '{') refuse("a list in a list");
      if (text_[at_] == '|') {
        alternatives.emplace_back();
      } else {
        alternatives.back() += text_[at_];
      }
    }
    if (at_ == text_.size()) {
      at_ = start;
      refuse("a { without its }; {{ stands for a brace");
    }
    ++at_;
    return alternatives;
  }

  [[noreturn]] void refuse(const std::string& rule) const {
    throw Error(ErrorKind::usage, place_ + ": prompt: byte " + std::to_string(at_ + 1) + ": --expand: " + rule);
  }

  std::string_view text_;
  const std::string& place_;
  std::size_t at_ = 0;
};

}  // namespace

Wildcards::Wildcards(std::string_view prompt, const std::string& place) : parts_(Parser(prompt, place).parts()) {
  for (const std::vector<std::string>& part : parts_) {
    count_ *= part.size();  // of two factors that fit into 32 bits
    if (count_ > kMaxPrompts || part.size() > kMaxPrompts) {
      throw Error(ErrorKind::usage,
                  place + ": prompt: --expand makes more than " + std::to_string(kMaxPrompts) + " prompts of it");
    }
  }
}

Wildcards Wildcards::none(std::string prompt) {
  Wildcards same;
  same.parts_ = {{std::move(prompt)}};
  return same;
}

std::string Wildcards::prompt(std::uint64_t index) const {
  std::vector<std::size_t> chosen(parts_.size());
  for (std::size_t i = parts_.size(); i-- > 0; index /= parts_[i].size()) chosen[i] = index % parts_[i].size();
  std::string prompt;
  for (std::size_t i = 0; i < parts_.size(); ++i) prompt += parts_[i][chosen[i]];
  return prompt;
}

}  // namespace zimage::batch
