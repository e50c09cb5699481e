// Prompt text to the token ids that the text encoder sees, equal to Hugging Face's Qwen2 tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

enum class SpecialTokens { parse, literal };

struct PromptTokens {
  std::vector<std::int32_t> ids;    // chat template included, at most 512
  std::vector<std::string> pieces;  // each id's text; bytes that are no UTF-8 by themselves as \xNN
  bool truncated = false;
  std::string dropped;              // the prompt's part that was cut off, valid UTF-8
  bool has_special_tokens = false;  // the prompt itself held special tokens that were parsed as such
};

class Tokenizer {
 public:
  static constexpr int kMaxTokens = 512;

  // Reads vocab.json + merges.txt, or tokenizer.json where one of them is missing; settings and added tokens come from
  // tokenizer.json and tokenizer_config.json, as far as they are there. Throws Error(model), Error(io).
  explicit Tokenizer(const std::filesystem::path& dir);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Ids of a text as it is, no template, no cut. Throws Error(usage) for text that is not UTF-8.
  std::vector<std::int32_t> encode(std::string_view text, SpecialTokens special = SpecialTokens::parse) const;

  // Ids of the prompt in the chat template, cut at kMaxTokens. Throws Error(usage): not UTF-8, or a NUL in it.
  PromptTokens encode_prompt(std::string_view prompt, SpecialTokens special = SpecialTokens::parse) const;

  std::int32_t size() const;  // highest id + 1, added tokens included

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zimage
