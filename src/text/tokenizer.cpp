#include "text/tokenizer.h"

#include "zimage/error.h"

#include "base/text.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/chat_template.h"
#include "text/definition.h"
#include "text/nfc.h"
#include "text/pre_tokenizer.h"
#include "text/unicode.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace zimage {
namespace {

using text::Section;

// The start of a text's ids.
struct Run {
  std::vector<std::int32_t> ids;
  std::size_t bytes = 0;  // of the text that they stand for
};

void refuse_invalid(std::string_view text) {
  if (const auto at = text::first_invalid_byte(text)) {
    throw Error(ErrorKind::usage, "prompt: byte " + std::to_string(*at) + ": not valid UTF-8");
  }
}

// Valid characters as they are, other bytes as \xNN.
std::string show_bytes(std::string_view bytes) {
  std::string shown;
  while (!bytes.empty()) {
    const std::size_t length = first_utf8_char(bytes).bytes;
    if (length == 0) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<std::uint8_t>(bytes[0]);
      shown += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xF]};
    } else {
      shown += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return shown;
}

// The text from a byte on, the character that the byte is in included.
std::string_view tail(std::string_view text, std::size_t begin) {
  while (begin > 0 && text::is_continuation(text[begin])) --begin;
  return text.substr(begin);
}

// What of this part of the chat's text belongs to the prompt.
std::string_view prompt_part(const text::ChatText& chat, std::string_view part) {
  const auto offset = static_cast<std::size_t>(part.data() - chat.text.data());
  const std::size_t begin = std::max(offset, chat.prompt_begin);
  const std::size_t end = std::min(offset + part.size(), chat.prompt_end);
  return begin < end ? part.substr(begin - offset, end - begin) : std::string_view();
}

}  // namespace

class Tokenizer::Impl {
 public:
  explicit Impl(const std::filesystem::path& dir) : Impl(dir, text::read_definition(dir)) {}

  std::vector<std::int32_t> encode(std::string_view text, SpecialTokens special) const;
  PromptTokens encode_prompt(std::string_view prompt, SpecialTokens special) const;
  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }

 private:
  Impl(const std::filesystem::path& dir, text::TokenizerDefinition definition)
      : bpe_(std::move(definition.bpe)),
        piece_ids_(std::move(definition.vocabulary.piece_ids)),
        tokens_(std::move(definition.vocabulary.tokens)),
        added_(std::move(definition.vocabulary.added)),
        normalization_(definition.normalization) {
    for (const std::string_view token : {text::kTurnStart, text::kTurnEnd}) {
      if (added_.find(token)) continue;
      throw Error(ErrorKind::model, printable(dir.native()) + ": no added token \"" + std::string(token) +
                                        "\", which the chat template needs");
    }
  }

  std::string normalized(std::string_view text) const {
    return normalization_ == text::Normalization::nfc ? text::to_nfc(text) : std::string(text);
  }
  const std::string& token(std::int32_t id) const { return tokens_[static_cast<std::size_t>(id)]; }
  Run encode_normalized(std::string_view text, std::size_t limit) const;
  std::vector<Section> chat_sections(const text::ChatText& chat, SpecialTokens special) const;
  std::string piece(std::int32_t id) const;

  text::Bpe bpe_;
  std::vector<std::int32_t> piece_ids_;  // by what bpe_ yields
  std::vector<std::string> tokens_;
  text::AddedTokens added_;
  text::Normalization normalization_;
};

Run Tokenizer::Impl::encode_normalized(std::string_view text, std::size_t limit) const {
  Run run;
  while (run.bytes < text.size() && run.ids.size() < limit) {
    const std::size_t bytes = text::pre_token_bytes(text.substr(run.bytes));
    std::vector<std::int32_t> ids = bpe_.encode(text.substr(run.bytes, bytes));
    for (std::int32_t& id : ids) id = piece_ids_[static_cast<std::size_t>(id)];
    if (run.ids.size() + ids.size() <= limit) {
      run.ids.insert(run.ids.end(), ids.begin(), ids.end());
      run.bytes += bytes;
      continue;
    }
    for (std::size_t i = 0; run.ids.size() < limit; ++i) {
      run.ids.push_back(ids[i]);
      run.bytes += text::from_byte_names(token(ids[i])).value().size();
    }
  }
  return run;
}

std::vector<std::int32_t> Tokenizer::Impl::encode(std::string_view text, SpecialTokens special) const {
  refuse_invalid(text);
  const bool is_literal = special == SpecialTokens::literal;
  std::vector<std::int32_t> ids;
  for (const Section& section : is_literal ? std::vector<Section>{{text, {}}} : added_.split(text)) {
    if (section.added_id) {
      ids.push_back(*section.added_id);
      continue;
    }
    const Run run = encode_normalized(normalized(section.text), std::numeric_limits<std::size_t>::max());
    ids.insert(ids.end(), run.ids.begin(), run.ids.end());
  }
  return ids;
}

std::vector<Section> Tokenizer::Impl::chat_sections(const text::ChatText& chat, SpecialTokens special) const {
  const std::string_view text = chat.text;
  if (special == SpecialTokens::parse) return added_.split(text);
  // Only the template's own tokens are cut out; the prompt belongs to the text "user\n" before it.
  std::vector<Section> sections = added_.split(text.substr(0, chat.prompt_begin));
  if (sections.back().added_id) sections.push_back({text.substr(chat.prompt_begin, 0), {}});
  Section& user = sections.back();
  const auto begin = static_cast<std::size_t>(user.text.data() - text.data());
  user.text = text.substr(begin, chat.prompt_end - begin);
  for (const Section& section : added_.split(text.substr(chat.prompt_end))) sections.push_back(section);
  return sections;
}

std::string Tokenizer::Impl::piece(std::int32_t id) const {
  const std::optional<std::string> bytes = added_.has(id) ? std::nullopt : text::from_byte_names(token(id));
  return bytes ? show_bytes(*bytes) : token(id);
}

PromptTokens Tokenizer::Impl::encode_prompt(std::string_view prompt, SpecialTokens special) const {
  refuse_invalid(prompt);
  if (const std::size_t nul = prompt.find('\0'); nul != std::string_view::npos) {
    throw Error(ErrorKind::usage, "prompt: byte " + std::to_string(nul) + ": a NUL character");
  }
  const text::ChatText chat = text::apply_chat_template(prompt);
  PromptTokens result;
  for (const Section& section : chat_sections(chat, special)) {
    const auto begin = static_cast<std::size_t>(section.text.data() - chat.text.data());
    const std::size_t room = kMaxTokens - result.ids.size();
    if (section.added_id && begin >= chat.prompt_begin && begin < chat.prompt_end) result.has_special_tokens = true;
    if (room == 0) {
      result.truncated = true;
      result.dropped += prompt_part(chat, section.text);
    } else if (section.added_id) {
      result.ids.push_back(*section.added_id);
    } else {
      const std::string text = normalized(section.text);
      const Run run = encode_normalized(text, room);
      result.ids.insert(result.ids.end(), run.ids.begin(), run.ids.end());
      if (run.bytes == text.size()) continue;
      result.truncated = true;
      if (begin < chat.prompt_end) result.dropped += tail(text, run.bytes);
    }
  }
  for (const std::int32_t id : result.ids) result.pieces.push_back(piece(id));
  return result;
}

Tokenizer::Tokenizer(const std::filesystem::path& dir) : impl_(std::make_unique<Impl>(dir)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
  return impl_->encode(text, special);
}

PromptTokens Tokenizer::encode_prompt(std::string_view prompt, SpecialTokens special) const {
  return impl_->encode_prompt(prompt, special);
}

std::int32_t Tokenizer::size() const { return impl_->size(); }

}  // namespace zimage
