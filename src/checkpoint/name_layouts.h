// How the files that people have spell a component's tensors: one table per layout. The published (diffusers) names are
// the program's own; other layouts are translated before anything else sees them.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

// as_it_is, or a matrix without the dimensions of 1 behind its first two: a 1x1 convolution is one.
enum class TensorForm { as_it_is, matrix };

// A line of a table. Patterns are names of which "#" is a number, "~" a level counted from the other end, "?" any part
// between dots, and "*" at the end all the rest. Several `to`: the tensor is these stacked on dimension 0, equally
// high.
struct NameRule {
  std::string_view from;
  std::array<std::string_view, 3> to;
  TensorForm form = TensorForm::as_it_is;
};

struct NameLayout {
  std::string_view marker;          // the tensor by which a file of this layout is known
  std::span<const NameRule> rules;  // what no line is for keeps its name
};

struct NameTable {
  std::string_view component;                  // as its folder is called
  std::span<const std::string_view> prefixes;  // that may stand before all of the component's names; published first
  std::span<const NameLayout> layouts;         // the published one first
};

const NameTable& text_encoder_names();
const NameTable& transformer_names();
const NameTable& vae_names();

// A tensor of a file under a name of the program's: part `part` of `parts` equal ones.
struct Renamed {
  std::string name;
  std::size_t part = 0, parts = 1;
  TensorForm form = TensorForm::as_it_is;
};

class NameTranslation {
 public:
  // The table's layout and prefix whose marker is there; the published ones where none is.
  NameTranslation(const NameTable& table, const std::function<bool(const std::string&)>& has_tensor);

  // Whether a marker is there.
  bool is_known() const { return is_known_; }
  // Whether the tensor is this component's: one file may hold several components, each behind a prefix of its own.
  bool is_own(std::string_view name) const { return !is_exclusive_ || name.starts_with(prefix_); }
  // Without the prefix, if it has it.
  std::string_view stripped(std::string_view name) const;
  // Of a name without the prefix; empty where it keeps its name.
  std::vector<Renamed> renamed(std::string_view name) const;

 private:
  std::string_view prefix_;
  std::span<const NameRule> rules_;
  bool is_known_ = false, is_exclusive_ = false;
};

}  // namespace zimage
