#include "app/svg.h"

#include "app/format.h"
#include "base/text.h"

namespace zimage::app {
namespace {

constexpr std::size_t kLongestText = 140;  // bytes

std::string escaped(const std::string& text) {
  std::string xml;
  for (const char c : text) {
    if (c == '&') {
      xml += "&amp;";
    } else if (c == '<') {
      xml += "&lt;";
    } else if (c == '>') {
      xml += "&gt;";
    } else {
      xml += c;
    }
  }
  return xml;
}

}  // namespace

std::string svg_number(double value) { return format_fixed(value, 1); }

Svg::Svg(const SvgPoint& size, std::string_view style) {
  *this << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
        << svg_number(size.x) << " " << svg_number(size.y) << "\" font-family=\"sans-serif\">\n<style>" << style
        << "</style>\n";
}

void Svg::add_line(std::string_view kind, const SvgPoint& from, const SvgPoint& to) {
  *this << "<line class=\"" << kind << "\" x1=\"" << svg_number(from.x) << "\" y1=\"" << svg_number(from.y)
        << "\" x2=\"" << svg_number(to.x) << "\" y2=\"" << svg_number(to.y) << "\"/>\n";
}

void Svg::add_box(std::string_view kind, std::string_view fill, const SvgPoint& top_left,
                  const SvgPoint& bottom_right) {
  *this << "<rect class=\"" << kind << "\" x=\"" << svg_number(top_left.x) << "\" y=\"" << svg_number(top_left.y)
        << "\" width=\"" << svg_number(bottom_right.x - top_left.x) << "\" height=\""
        << svg_number(bottom_right.y - top_left.y) << "\" fill=\"" << fill << "\"/>\n";
}

void Svg::add_path(std::string_view kind, std::string_view fill, std::string_view path) {
  *this << "<path class=\"" << kind << "\" fill=\"" << fill << "\" d=\"" << path << "\"/>\n";
}

void Svg::add_text(const SvgLabel& label, const std::string& text) {
  *this << "<text class=\"" << label.kind << "\" x=\"" << svg_number(label.at.x) << "\" y=\"" << svg_number(label.at.y)
        << "\" text-anchor=\"" << label.anchor << "\">" << escaped(printable(text, kLongestText)) << "</text>\n";
}

std::string Svg::finish() && { return std::move(*this << "</svg>\n").text_; }

}  // namespace zimage::app
