// The options of a run, merged: built-in defaults, a configuration file, what a picture says, the command line, each
// over the one before.
#pragma once

#include "config/options.h"
#include "config/settings.h"
#include "config/yaml.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::config {

// A value and where it came from.
struct Given {
  std::string text;
  std::string name;    // for messages: "--width" or "FILE:LINE:COLUMN: image.width"
  std::string origin;  // for people: "command line" or "FILE:LINE"
  ErrorKind breach = ErrorKind::usage;
  std::vector<std::string> more = {};  // of a setting that may be given several times: its further values
};

struct Entry {
  const Setting* setting = nullptr;
  Given given;
};

class Config {
 public:
  Config() : given_(settings().size()) {}

  // From the command line, as typed; once more where the setting may repeat.
  void give(const Setting& setting, const std::string& text);
  // What the command line does not say. Every value of the file is checked, also one that the command line replaces.
  // Throws Error(model).
  void read(const YamlDocument& document);

  // What is not said yet, by these settings or by their rivals.
  void add(std::vector<Entry> entries);

  const Given* given(const Setting& setting) const;
  // Throws Error(usage) or Error(model) naming the flag, or the place in the file, and the rule.
  Options options() const;

 private:
  // A size is given in one way.
  void refuse_two_sizes() const;

  std::vector<std::optional<Given>> given_;  // one per setting
};

// The file that holds: `asked` (--config; an empty one means none), else zimage.yaml here, else
// zimage/config.yaml in the user's configuration folder, else nothing.
std::optional<std::filesystem::path> find_config_file(const std::optional<std::string>& asked);

// As YAML that `read` takes, each value with where it came from.
std::string to_yaml(const Config& config);

}  // namespace zimage::config
