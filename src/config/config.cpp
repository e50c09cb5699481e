#include "config/config.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/yaml_field.h"

#include <algorithm>
#include <cstdlib>

namespace zimage::config {
namespace {

namespace fs = std::filesystem;

std::size_t index_of(const Setting& setting) { return static_cast<std::size_t>(&setting - settings().data()); }

const Setting* find_setting(std::string_view key) {
  for (const Setting& setting : settings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

bool is_section(const std::string& path) {
  const auto inside = [&](const Setting& setting) { return setting.key.starts_with(path + "."); };
  return std::any_of(settings().begin(), settings().end(), inside);
}

// The keys that may stand in a section ("" is the whole file), for suggestions.
std::vector<std::string_view> keys_of(const std::string& section) {
  const std::string prefix = section.empty() ? "" : section + ".";
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings()) {
    if (!setting.key.starts_with(prefix)) continue;
    const std::string_view rest = setting.key.substr(prefix.size());
    keys.push_back(rest.substr(0, rest.find('.')));
  }
  return keys;
}

std::string_view leaf_of(std::string_view key) { return key.substr(key.rfind('.') + 1); }

// A key that stands in the wrong section, else the nearest in the right one.
std::string suggestion_for(const YamlField& field, const std::string& section) {
  for (const Setting& setting : settings()) {
    if (leaf_of(setting.key) == field.key()) return ", did you mean '" + std::string(setting.key) + "'?";
  }
  const auto meant = nearest(field.key(), keys_of(section));
  return meant ? ", did you mean '" + std::string(*meant) + "'?" : "";
}

std::string text_of(const YamlField& field, Notation notation) {
  switch (notation) {
    case Notation::text:
      return field.text();
    case Notation::word:
      return field.word();
    case Notation::number:
      return field.number_text();
    case Notation::boolean:
      return field.boolean() ? "true" : "false";
  }
  throw std::logic_error("no such notation");
}

// A list of one value at least where the setting may repeat, else the value.
Given given_by(const YamlField& field, const Setting& setting) {
  const std::string origin = field.source() + ":" + std::to_string(field.position().line);
  Given given{"", field.where(), origin, ErrorKind::model};
  if (!setting.may_repeat || !field.is_list()) {
    given.text = text_of(field, setting.notation);
    return given;
  }
  for (const YamlField& item : field.items()) given.more.push_back(text_of(item, setting.notation));
  if (given.more.empty()) field.refuse_key("must not be empty");
  given.text = given.more.front();
  given.more.erase(given.more.begin());
  return given;
}

void apply(const Setting& setting, const Given& given, Options& options) {
  setting.apply({given.name, given.text, given.breach}, options);
  for (const std::string& text : given.more) setting.apply({given.name, text, given.breach}, options);
}

void collect(const YamlField& section, std::vector<Entry>& entries) {
  if (section.is_null()) return;  // all its lines are comments
  for (const YamlField& field : section.members()) {
    if (const Setting* const setting = find_setting(field.path())) {
      entries.push_back({setting, given_by(field, *setting)});
    } else if (is_section(field.path())) {
      collect(field, entries);
    } else {
      field.refuse_key("unknown key" + suggestion_for(field, section.path()));
    }
  }
}

bool is_present(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

std::optional<fs::path> user_config_folder() {
  const char* const xdg = std::getenv("XDG_CONFIG_HOME");
  if (xdg != nullptr && *xdg == '/') return fs::path(xdg);  // the specification has others ignored
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return std::nullopt;
  return fs::path(home) / ".config";
}

}  // namespace

void Config::give(const Setting& setting, const std::string& text) {
  std::optional<Given>& given = given_[index_of(setting)];
  if (given && setting.may_repeat) {
    given->more.push_back(text);
  } else {
    given = {text, std::string(setting.flag), "command line", ErrorKind::usage};
  }
}

void Config::read(const YamlDocument& document) {
  std::vector<Entry> entries;
  collect(YamlField(document), entries);
  Options checked;
  for (const Entry& entry : entries) apply(*entry.setting, entry.given, checked);
  add(std::move(entries));
}

void Config::add(std::vector<Entry> entries) {
  const std::vector<std::optional<Given>> said = given_;
  const auto is_replaced = [&](const Setting& setting) {
    for (const Setting& other : settings()) {
      const bool same = &other == &setting || are_rivals(other.flag, setting.flag);
      if (same && said[index_of(other)]) return true;
    }
    return false;
  };
  for (Entry& entry : entries) {
    if (!is_replaced(*entry.setting)) given_[index_of(*entry.setting)] = std::move(entry.given);
  }
}

const Given* Config::given(const Setting& setting) const {
  const std::optional<Given>& given = given_[index_of(setting)];
  return given ? &*given : nullptr;
}

void Config::refuse_two_sizes() const {
  for (const Setting& one : settings()) {
    if (!one.key.starts_with("image.") || given(one) == nullptr) continue;
    for (const Setting& other : settings()) {
      if (!other.key.starts_with("image.") || &other <= &one || given(other) == nullptr) continue;
      if (!are_rivals(one.flag, other.flag)) continue;
      throw Error(given(other)->breach, given(other)->name + ": not together with " + given(one)->name);
    }
  }
}

Options Config::options() const {
  refuse_two_sizes();
  Options options;
  for (const Setting& setting : settings()) {
    if (const Given* const value = given(setting)) apply(setting, *value, options);
  }
  if (options.aspect || options.megapixels) {
    const ImageSides sides = sides_of(options.aspect.value_or(1), options.megapixels.value_or(1));
    options.request.width = sides.width;
    options.request.height = sides.height;
  }
  return options;
}

std::optional<fs::path> find_config_file(const std::optional<std::string>& asked) {
  if (asked) return asked->empty() ? std::nullopt : std::optional<fs::path>(*asked);
  const fs::path here = "zimage.yaml";
  if (is_present(here)) return here;
  const auto folder = user_config_folder();
  if (folder && is_present(*folder / "zimage/config.yaml")) return *folder / "zimage/config.yaml";
  return std::nullopt;
}

}  // namespace zimage::config
