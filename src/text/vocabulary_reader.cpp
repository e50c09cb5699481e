#include "text/vocabulary_reader.h"

#include "zimage/error.h"

#include "base/text.h"
#include "text/vocabulary.h"

#include <optional>
#include <string_view>
#include <utility>

namespace zimage::text {
namespace {

struct Pair {
  std::string_view left, right;
};

// The two parts of "left right"; nothing for any other number of parts.
std::optional<Pair> split_pair(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || space + 1 == line.size()) return std::nullopt;
  const Pair pair{line.substr(0, space), line.substr(space + 1)};
  if (pair.right.find(' ') != std::string_view::npos) return std::nullopt;
  return pair;
}

constexpr const char* kTwoParts = ": two tokens with a space between them are wanted";
constexpr const char* kTooManyMerges = "more merges than the 524288 tokens that a vocabulary may have";

}  // namespace

void StrictReader::refuse(const std::string& rule) const {
  throw Error(ErrorKind::model, printable(source_) + ": " + rule);
}

void VocabularyReader::start_object() {
  if (is_open_) unexpected("an object");
  is_open_ = true;
  tokens_.reserve(kMaxVocabulary);  // never moved then; what is not used is not touched
}

void VocabularyReader::key(std::string_view name) {
  if (name.empty()) refuse("an empty token");
  token_ = name;
}

void VocabularyReader::integer(std::int64_t id) {
  if (!is_open_) unexpected("an integer");
  if (id < 0 || id >= kMaxVocabulary) {
    refuse("token \"" + printable(token_, 200) + "\": id " + std::to_string(id) + ", ids go from 0 to " +
           std::to_string(kMaxVocabulary - 1));
  }
  const auto place = static_cast<std::size_t>(id);
  if (place >= tokens_.size()) tokens_.resize(place + 1);
  if (!tokens_[place].empty()) {
    refuse("id " + std::to_string(id) + " belongs to both \"" + printable(tokens_[place], 200) + "\" and \"" +
           printable(token_, 200) + "\"");
  }
  tokens_[place] = std::move(token_);
}

void VocabularyReader::unexpected(const char* what) const {
  if (!is_open_) refuse(std::string(what) + " instead of an object of tokens and ids");
  refuse("token \"" + printable(token_, 200) + "\": " + what + " instead of an integer id");
}

void MergesReader::start_array() {
  if (depth_ == 2) unexpected("an array");
  if (depth_ == 0) merges_.reserve(kMaxVocabulary);  // as above
  ++depth_;
}

void MergesReader::string(std::string_view value) {
  if (depth_ == 2) {
    if (part_count_ < parts_.size()) parts_[part_count_] = value;
    ++part_count_;
    return;
  }
  const std::optional<Pair> pair = depth_ == 1 ? split_pair(value) : std::nullopt;
  if (!pair) refuse("merge " + std::to_string(merges_.size()) + kTwoParts);
  add(pair->left, pair->right);
}

void MergesReader::end_array() {
  if (--depth_ == 0) return;
  const bool is_pair = part_count_ == parts_.size() && !parts_[0].empty() && !parts_[1].empty();
  if (!is_pair)
    refuse("merge " + std::to_string(merges_.size()) + ": " + std::to_string(part_count_) +
           " parts or an empty one, two tokens are wanted");
  add(parts_[0], parts_[1]);
  part_count_ = 0;
}

void MergesReader::add(std::string_view left, std::string_view right) {
  if (merges_.size() == kMaxVocabulary) refuse(kTooManyMerges);
  merges_.add(left, right);
}

void MergesReader::unexpected(const char* what) const {
  refuse("merge " + std::to_string(merges_.size()) + ": " + what + " instead of two tokens");
}

MergeList read_merge_lines(std::string_view lines, const std::string& source) {
  MergeList merges;
  merges.reserve(kMaxVocabulary);
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("#version")) continue;
    const std::optional<Pair> pair = split_pair(line);
    if (!pair) throw Error(ErrorKind::model, printable(source) + ": line " + std::to_string(number) + kTwoParts);
    if (merges.size() == kMaxVocabulary) throw Error(ErrorKind::model, printable(source) + ": " + kTooManyMerges);
    merges.add(pair->left, pair->right);
  }
  return merges;
}

}  // namespace zimage::text
