#include "text/added_tokens.h"

#include <algorithm>
#include <utility>

namespace zimage::text {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::sort(tokens_.begin(), tokens_.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  for (const AddedToken& token : tokens_) first_bytes_.set(byte_at(token.content, 0));
}

// Narrows the tokens down to those that share the text's first bytes; of equal prefixes the shortest sorts first.
const AddedToken* AddedTokens::longest_at_start(std::string_view text) const {
  const AddedToken* longest = nullptr;
  auto begin = tokens_.begin(), end = tokens_.end();
  for (std::size_t i = 0; i < text.size() && begin != end; ++i) {
    const std::uint8_t byte = byte_at(text, i);
    begin = std::partition_point(begin, end, [=](const AddedToken& token) {
      return token.content.size() <= i || byte_at(token.content, i) < byte;
    });
    end = std::partition_point(begin, end, [=](const AddedToken& token) { return byte_at(token.content, i) == byte; });
    if (begin != end && begin->content.size() == i + 1) longest = &*begin;
  }
  return longest;
}

std::vector<Section> AddedTokens::split(std::string_view text) const {
  std::vector<Section> sections;
  std::size_t begin = 0, at = 0;
  const auto close_text = [&] {
    if (at > begin) sections.push_back({text.substr(begin, at - begin), std::nullopt});
  };
  while (at < text.size()) {
    const AddedToken* token = first_bytes_.test(byte_at(text, at)) ? longest_at_start(text.substr(at)) : nullptr;
    if (token == nullptr) {
      ++at;
      continue;
    }
    close_text();
    sections.push_back({text.substr(at, token->content.size()), token->id});
    begin = at += token->content.size();
  }
  close_text();
  return sections;
}

std::optional<std::int32_t> AddedTokens::find(std::string_view content) const {
  const auto token = std::partition_point(tokens_.begin(), tokens_.end(),
                                          [=](const AddedToken& token) { return token.content < content; });
  return token != tokens_.end() && token->content == content ? std::optional(token->id) : std::nullopt;
}

bool AddedTokens::has(std::int32_t id) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [=](const AddedToken& token) { return token.id == id; });
}

}  // namespace zimage::text
