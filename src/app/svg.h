// Writes an SVG picture: well-formed XML whatever the texts are.
#pragma once

#include <string>
#include <string_view>

namespace zimage::app {

struct SvgPoint {
  double x = 0, y = 0;  // pixels from the left and from the top
};

struct SvgLabel {
  SvgPoint at;
  std::string_view anchor = "start";  // start | middle | end
  std::string_view kind = "label";
};

// `kind` is an element's class in the style sheet.
class Svg {
 public:
  Svg(const SvgPoint& size, std::string_view style);

  void add_line(std::string_view kind, const SvgPoint& from, const SvgPoint& to);
  void add_box(std::string_view kind, std::string_view fill, const SvgPoint& top_left, const SvgPoint& bottom_right);
  void add_path(std::string_view kind, std::string_view fill, std::string_view path);
  // Control characters and what is no UTF-8 are made visible; a text too long for the picture is cut.
  void add_text(const SvgLabel& label, const std::string& text);

  std::string finish() &&;

 private:
  Svg& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }

  std::string text_;
};

// A coordinate as it is written: to a tenth of a pixel.
std::string svg_number(double value);

}  // namespace zimage::app
