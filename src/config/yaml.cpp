#include "config/yaml.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/yaml_text.h"
#include "io/file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

namespace zimage::config {
namespace {

// Builds the tree from the parser's events. yaml-cpp's own tree would accept duplicate keys and cycles.
class Builder : public YAML::EventHandler {
 public:
  Builder(const YamlText& text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  Yaml take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (seen_document_) text_.refuse(position(mark), "a second document is not allowed");
    seen_document_ = true;
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    text_.refuse(position(mark), "anchors (&) are not allowed; text that starts with & needs quotes");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    text_.refuse(position(mark), "aliases (*) are not allowed; text that starts with * needs quotes");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    check_tag(mark, kQuoted);  // of which the event says nothing
    add({Yaml::Null(), position(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    check_tag(mark, tag);
    if (tag == kQuoted && !text_.has_closed_quote(mark.line, mark.column)) {
      text_.refuse(position(mark), "not valid YAML: a quote is not closed");
    }
    if (!is_utf8(text)) {  // yaml-cpp makes single bytes of these two
      text_.refuse(position(mark), "the escapes \\N and \\_ are not read; write \\u0085 and \\u00A0");
    }
    add({Yaml::Scalar{text, tag == kQuoted}, position(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, Yaml::List());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, tag, Yaml::Map());
  }
  void OnMapEnd() override {
    check_duplicates(std::get<Yaml::Map>(open_.back().yaml.value));
    close();
  }

 private:
  // What yaml-cpp calls the tag of a value without one.
  static constexpr const char* kPlain = "?";
  static constexpr const char* kQuoted = "!";

  struct Key {
    std::string text;
    YamlPosition position;
  };
  struct Open {
    Yaml yaml;               // a list or a map
    std::optional<Key> key;  // read, its value not yet
  };

  YamlPosition position(const YAML::Mark& mark) const {
    return text_.position(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    // "! x" has the tag of a quoted text.
    const bool bare = tag == kQuoted && text_.byte_at(mark.line, mark.column) == '!';
    if (bare || !(tag.empty() || tag == kPlain || tag == kQuoted)) {
      text_.refuse(position(mark), "tags (!) are not allowed; text that starts with ! needs quotes");
    }
  }

  bool expects_key() const {
    return !open_.empty() && std::holds_alternative<Yaml::Map>(open_.back().yaml.value) && !open_.back().key;
  }

  void open(const YAML::Mark& mark, const std::string& tag,
            std::variant<Yaml::Null, Yaml::Scalar, Yaml::List, Yaml::Map> value) {
    check_tag(mark, tag);
    if (expects_key()) text_.refuse(position(mark), "a key must be text");
    if (open_.size() >= max_depth_) {
      text_.refuse(position(mark), "nested deeper than " + std::to_string(max_depth_));
    }
    open_.push_back({{std::move(value), position(mark)}, std::nullopt});
  }

  void close() {
    Yaml done = std::move(open_.back().yaml);
    open_.pop_back();
    add(std::move(done));
  }

  void add(Yaml yaml) {
    if (open_.empty()) {
      root_ = std::move(yaml);
    } else if (expects_key()) {
      open_.back().key = key_of(yaml);
    } else if (Yaml::Map* const map = std::get_if<Yaml::Map>(&open_.back().yaml.value)) {
      Key key = *std::exchange(open_.back().key, std::nullopt);
      if (std::holds_alternative<Yaml::Null>(yaml.value)) yaml.position = key.position;  // else what comes next
      map->push_back({std::move(key.text), key.position, std::move(yaml)});
    } else {
      std::get<Yaml::List>(open_.back().yaml.value).push_back(std::move(yaml));
    }
  }

  Key key_of(Yaml& yaml) const {
    Yaml::Scalar* const scalar = std::get_if<Yaml::Scalar>(&yaml.value);
    if (scalar == nullptr) text_.refuse(yaml.position, "a key must be text");
    if (scalar->text == "<<" && !scalar->quoted) text_.refuse(yaml.position, "merge keys (<<) are not allowed");
    return {std::move(scalar->text), yaml.position};
  }

  // Sorted, so that a file of nothing but keys takes no quadratic time.
  void check_duplicates(const Yaml::Map& map) const {
    std::vector<std::size_t> order(map.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return map[a].key < map[b].key; });
    const auto twice = std::adjacent_find(order.begin(), order.end(),
                                          [&](std::size_t a, std::size_t b) { return map[a].key == map[b].key; });
    if (twice == order.end()) return;
    const YamlMember &first = map[*twice], &second = map[*(twice + 1)];
    text_.refuse(second.key_position, printable(second.key, 100) + ": duplicate key, the first is in line " +
                                          std::to_string(first.key_position.line));
  }

  const YamlText& text_;
  std::size_t max_depth_;
  std::vector<Open> open_;
  Yaml root_;
  bool seen_document_ = false;
};

std::string rule_of(const YAML::Exception& error) {
  if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {  // from 0.8 on its name follows
    return "aliases (*) are not allowed; text that starts with * needs quotes";
  }
  return "not valid YAML: " + printable(error.msg, 200);
}

}  // namespace

YamlDocument parse_yaml(std::string_view text, const std::string& source, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    throw Error(ErrorKind::model, printable(source) + ": " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits.max_bytes));
  }
  const YamlText checked(text, source);
  std::istringstream stream{std::string(checked.bytes())};
  Builder builder(checked, limits.max_depth);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    if (error.mark.is_null()) throw Error(ErrorKind::model, printable(source) + ": " + rule_of(error));
    checked.refuse(checked.position(error.mark.line, error.mark.column), rule_of(error));
  }
  return {source, builder.take()};
}

YamlDocument read_yaml(const std::filesystem::path& path, const YamlLimits& limits) {
  return parse_yaml(io::read_whole(path, limits.max_bytes), path.string(), limits);
}

}  // namespace zimage::config
