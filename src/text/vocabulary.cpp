#include "text/vocabulary.h"

#include "zimage/error.h"

#include "base/name_index.h"
#include "base/text.h"
#include "text/byte_alphabet.h"
#include "text/token_index.h"

#include <string_view>
#include <utility>

namespace zimage::text {
namespace {

[[noreturn]] void refuse(const std::string& source, const std::string& rule) {
  throw Error(ErrorKind::model, printable(source) + ": " + rule);
}

std::string quoted(std::string_view token) { return "\"" + printable(token, 200) + "\""; }

void append_byte_ids(std::vector<std::int32_t>& ids, const TokenIndex& index, const std::string& source) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string_view name = byte_name(static_cast<std::uint8_t>(byte));
    const auto id = index.find(name);
    if (!id) refuse(source, "no token " + quoted(name) + " for the byte " + std::to_string(byte));
    ids.push_back(*id);
  }
}

void append_merged_ids(std::vector<std::int32_t>& ids, const VocabularyFiles& files, const TokenIndex& index) {
  const MergeList& merges = files.merges;
  if (merges.size() > files.tokens.size()) {
    refuse(files.merges_source, std::to_string(merges.size()) + " merges, more than the " +
                                    std::to_string(files.tokens.size()) + " tokens that they could make");
  }
  std::vector<bool> is_made(files.tokens.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    if (const std::size_t ahead = i + TokenIndex::kPrefetchAhead; ahead < merges.size()) {
      index.prefetch(merges.left(ahead));
      index.prefetch(merges.right(ahead));
    }
    const auto find = [&](std::string_view part) {
      const auto id = index.find(part);
      if (!id) refuse(files.merges_source, "merge " + std::to_string(i) + ": the vocabulary has no " + quoted(part));
      return static_cast<std::size_t>(*id);
    };
    find(merges.left(i));
    find(merges.right(i));
    // Nearly every vocabulary numbers its merged tokens by rank; a look there is much cheaper than the index.
    const std::size_t likely = 256 + i;
    const bool is_there = likely < files.tokens.size() && files.tokens[likely] == merges.joined(i);
    const std::size_t made = is_there ? likely : find(merges.joined(i));
    // With two ways to make a token its rank alone would not say which pairs merge.
    if (is_made[made]) {
      refuse(files.merges_source, "merge " + std::to_string(i) + ": makes " + quoted(merges.joined(i)) + " again");
    }
    is_made[made] = true;
    ids.push_back(static_cast<std::int32_t>(made));
  }
}

void check_added(const VocabularyFiles& files, const TokenIndex& index) {
  const auto content_at = [&](std::size_t i) -> std::string_view { return files.added[i].content; };
  if (const auto twice = NameIndex(files.added.size(), content_at).duplicate(content_at)) {
    refuse(files.added_source, "added token " + quoted(content_at(*twice)) + " has two ids");
  }
  for (const AddedToken& token : files.added) {
    const std::string which = "added token " + quoted(token.content) + ", id " + std::to_string(token.id);
    if (token.content.empty()) refuse(files.added_source, which + ": is empty");
    if (token.id < 0 || token.id >= kMaxVocabulary) {
      refuse(files.added_source, which + ": ids go from 0 to " + std::to_string(kMaxVocabulary - 1));
    }
    const auto known = index.find(token.content);
    if (known && *known != token.id) {
      refuse(files.added_source, which + ": the vocabulary gives it the id " + std::to_string(*known));
    }
  }
}

// Gives the added tokens their places among the tokens.
void place_added(VocabularyFiles& files) {
  for (const AddedToken& token : files.added) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= files.tokens.size()) files.tokens.resize(id + 1);
    std::string& place = files.tokens[id];
    if (!place.empty() && place != token.content) {
      refuse(files.added_source, "added token " + quoted(token.content) + ", id " + std::to_string(token.id) +
                                     ": the id is that of " + quoted(place));
    }
    place = token.content;
  }
}

}  // namespace

Vocabulary make_vocabulary(VocabularyFiles& files) {
  Vocabulary vocabulary;
  {
    const TokenIndex index(files.tokens);
    if (index.duplicate()) refuse(files.tokens_source, "token " + quoted(*index.duplicate()) + " has two ids");
    vocabulary.piece_ids.reserve(256 + files.merges.size());
    append_byte_ids(vocabulary.piece_ids, index, files.tokens_source);
    append_merged_ids(vocabulary.piece_ids, files, index);
    check_added(files, index);
  }
  place_added(files);
  for (std::size_t id = 0; id < files.tokens.size(); ++id) {
    if (files.tokens[id].empty()) refuse(files.tokens_source, "no token has the id " + std::to_string(id));
  }
  vocabulary.tokens = std::move(files.tokens);
  vocabulary.added = std::move(files.added);
  return vocabulary;
}

}  // namespace zimage::text
