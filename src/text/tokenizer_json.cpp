#include "text/tokenizer_json.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/file.h"
#include "io/json_visitor.h"
#include "text/vocabulary.h"
#include "text/vocabulary_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace zimage::text {
namespace {

// Where the settings of a file of the usual layout end, with room to spare; the vocabulary follows them.
constexpr std::size_t kHeadBytes = 64 << 10;
// Values outside of the vocabulary and the merges; a file of the layout has some hundreds.
constexpr std::size_t kMaxSettings = 1'000'000;
constexpr std::size_t kMaxMembers = 1000;  // of the root, or of "model"

enum class VocabularyPart { read, skip };

// Thrown through the parser when nothing that follows is wanted.
struct Enough {};

bool has(const io::Json::Object& object, std::string_view key) {
  return std::any_of(object.begin(), object.end(), [key](const auto& member) { return member.first == key; });
}

// Hands each member of the root, and each of "model", to the reader made for it.
class RootReader : public io::JsonVisitor {
 public:
  RootReader(std::string source, VocabularyPart part)
      : source_(std::move(source)),
        part_(part),
        vocabulary_(source_ + ": model.vocab"),
        merges_(source_ + ": model.merges") {}

  void null() override {
    pass([](JsonVisitor& reader) { reader.null(); });
  }
  void boolean(bool value) override {
    pass([value](JsonVisitor& reader) { reader.boolean(value); });
  }
  void integer(std::int64_t value) override {
    pass([value](JsonVisitor& reader) { reader.integer(value); });
  }
  void big_integer(std::uint64_t value) override {
    pass([value](JsonVisitor& reader) { reader.big_integer(value); });
  }
  void number(double value) override {
    pass([value](JsonVisitor& reader) { reader.number(value); });
  }
  void string(std::string_view value) override {
    pass([value](JsonVisitor& reader) { reader.string(value); });
  }
  void start_object() override {
    if (depth_++ < settings_depth()) return;
    count_setting();
    current_->start_object();
  }
  void start_array() override {
    if (depth_++ < settings_depth()) throw Error(ErrorKind::model, where() + ": an array instead of an object");
    count_setting();
    current_->start_array();
  }
  void end_object() override {
    close([](JsonVisitor& reader) { reader.end_object(); });
  }
  void end_array() override {
    close([](JsonVisitor& reader) { reader.end_array(); });
  }
  void key(std::string_view name) override;

  TokenizerJson take() {
    file_.tokens = vocabulary_.take();
    file_.merges = merges_.take();
    return std::move(file_);
  }

 private:
  // The depth at which a value belongs to a reader: below the root, or below "model".
  int settings_depth() const { return is_in_model_ ? 2 : 1; }
  std::string where() const { return printable(source_) + (is_in_model_ ? ": model" : ""); }
  bool is_setting() const { return current_ == value_.get(); }
  io::Json::Object& members() { return is_in_model_ ? file_.model_settings : file_.settings; }

  template <class Event>
  void pass(const Event& event) {
    if (depth_ < settings_depth()) throw Error(ErrorKind::model, where() + ": a plain value instead of an object");
    count_setting();
    event(*current_);
    if (depth_ == settings_depth()) store();
  }

  template <class Event>
  void close(const Event& event) {
    --depth_;
    if (depth_ < settings_depth()) {
      is_in_model_ = false;
      return;
    }
    event(*current_);
    if (depth_ == settings_depth()) store();
  }

  void count_setting() {
    if (!is_setting() || ++setting_count_ <= kMaxSettings) return;
    throw Error(ErrorKind::model, where() + ": more than " + std::to_string(kMaxSettings) + " values");
  }

  void store() {
    if (is_setting()) members().emplace_back(name_, value_->take());
  }

  bool has_all_settings() const {
    return has(file_.settings, "added_tokens") && has(file_.settings, "normalizer") &&
           has(file_.settings, "pre_tokenizer") && has(file_.settings, "post_processor") &&
           has(file_.model_settings, "ignore_merges");
  }

  std::string source_;
  VocabularyPart part_;
  TokenizerJson file_;
  VocabularyReader vocabulary_;
  MergesReader merges_;
  std::unique_ptr<io::JsonBuilder> value_;
  io::JsonVisitor* current_ = nullptr;  // the reader of the member that is being read
  std::vector<std::string> seen_;       // members with no place in the settings, to refuse a second one
  std::string name_;                    // of the member that is being read
  std::size_t setting_count_ = 0;
  int depth_ = 0;
  bool is_in_model_ = false;
};

void RootReader::key(std::string_view name) {
  if (depth_ > settings_depth()) {
    current_->key(name);
    return;
  }
  name_ = name;
  const bool is_vocabulary = is_in_model_ && name_ == "vocab", is_merges = is_in_model_ && name_ == "merges";
  const bool is_model = !is_in_model_ && name_ == "model";
  if (has(members(), name_) || std::find(seen_.begin(), seen_.end(), name_) != seen_.end()) {
    throw Error(ErrorKind::model, where() + ": duplicate key \"" + printable(name_, 200) + "\"");
  }
  if (members().size() == kMaxMembers) throw Error(ErrorKind::model, where() + ": more than 1000 members");
  if (is_vocabulary || is_merges || is_model) seen_.push_back(name_);
  if (is_vocabulary && part_ == VocabularyPart::skip && has_all_settings()) throw Enough();
  if (is_model) {
    is_in_model_ = true;
  } else if (is_vocabulary) {
    current_ = &vocabulary_;
  } else if (is_merges) {
    current_ = &merges_;
  } else {
    value_ = std::make_unique<io::JsonBuilder>(source_);
    current_ = value_.get();
  }
}

// The strings in quotes of a text that repeats one layout.
class QuotedStrings {
 public:
  explicit QuotedStrings(std::string_view text) : text_(text) {}

  // The next string: as it stands there or, with each escape replaced by its letter, in `decoded`. `gap` is how many
  // bytes were before such a string the last time, which spares a search in all but the first.
  std::optional<std::string_view> take(std::size_t& gap, std::string& decoded) {
    if (gap >= text_.size() || text_[gap] != '"') gap = std::min(text_.find('"'), text_.size());
    const std::size_t begin = gap + 1;
    std::size_t end = begin;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\\') ++end;
    std::string_view string = text_.substr(std::min(begin, text_.size()), end - begin);
    if (end < text_.size() && text_[end] == '\\') {
      decoded = string;
      for (; end < text_.size() && text_[end] != '"'; ++end) {
        if (text_[end] == '\\' && ++end == text_.size()) break;
        decoded += text_[end];
      }
      string = decoded;
    }
    if (end >= text_.size()) return std::nullopt;
    text_.remove_prefix(end + 1);
    return string;
  }

 private:
  std::string_view text_;
};

// What follows "merges": and is an array, for a token may have that name; empty: there is no such member.
std::string_view find_merges(std::string_view text) {
  constexpr std::string_view kKey = "\"merges\"", kSpace = " \n\r\t";
  if (text.empty()) return {};  // which memmem may not be asked about: there may be no pointer
  // memmem finds the key several times as fast as string_view does, among so many quotes.
  while (const void* key = ::memmem(text.data(), text.size(), kKey.data(), kKey.size())) {
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(key) - text.data()) + kKey.size());
    const std::size_t colon = text.find_first_not_of(kSpace);
    if (colon == std::string_view::npos || text[colon] != ':') continue;
    const std::size_t value = text.find_first_not_of(kSpace, colon + 1);
    if (value != std::string_view::npos && text[value] == '[') return text.substr(value);
  }
  return {};
}

}  // namespace

TokenizerJson read_tokenizer_settings(const std::filesystem::path& path) {
  const std::string& source = path.native();
  const io::ReadFile file(path);
  if (file.size() > kHeadBytes) {
    std::string head(kHeadBytes, '\0');
    file.read_at(0, std::as_writable_bytes(std::span(head)));
    RootReader reader(source, VocabularyPart::skip);
    try {
      io::visit_json(head, source, {}, reader);
    } catch (const Enough&) {
      return reader.take();
    } catch (const Error&) {
      // The settings go on behind the head, or something is wrong with them: the whole file tells.
    }
  }
  RootReader reader(source, VocabularyPart::skip);
  try {
    io::visit_json(io::read_whole(path, kMaxTokenizerJsonBytes), source, {}, reader);
  } catch (const Enough&) {
  }
  TokenizerJson json = reader.take();
  return {std::move(json.settings), std::move(json.model_settings)};
}

TokenizerJson read_tokenizer_json(std::string_view text, const std::string& source) {
  RootReader reader(source, VocabularyPart::read);
  io::visit_json(text, source, {}, reader);
  return reader.take();
}

MergeList guess_json_merges(std::string_view text) {
  MergeList merges;
  merges.reserve(kMaxVocabulary);
  text = find_merges(text);
  const std::size_t first = text.find_first_of("[\"", 1);
  const bool in_pairs = first != std::string_view::npos && text[first] == '[';
  QuotedStrings strings(text);
  std::string decoded_left, decoded_right;
  std::size_t gap_left = 0, gap_right = 0;
  while (merges.size() < kMaxVocabulary) {
    const auto left = strings.take(gap_left, decoded_left);
    if (!left) break;
    if (!in_pairs) {
      const std::size_t space = left->find(' ');
      if (space == std::string_view::npos) break;
      merges.add(left->substr(0, space), left->substr(space + 1));
    } else if (const auto right = strings.take(gap_right, decoded_right)) {
      merges.add(*left, *right);
    }
  }
  return merges;
}

}  // namespace zimage::text
