#include "support/xml.h"

#include "base/text.h"

#include <string_view>

namespace zimage::test {
namespace {

std::string without_entities(std::string_view text) {
  static const std::map<std::string_view, char> kEntities{{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}};
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      const Utf8Char next = first_utf8_char(text.substr(at));
      if (next.bytes == 0 || (next.code_point < ' ' && next.code_point != '\n')) {
        throw std::runtime_error("a character that XML forbids");
      }
      plain += text.substr(at, next.bytes);
      at += next.bytes;
      continue;
    }
    const std::size_t end = text.find(';', at);
    if (end == std::string_view::npos) throw std::runtime_error("a bare &");
    plain += kEntities.at(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return plain;
}

// `tag`: what stands between < and >, without a closing slash.
XmlElement element_of(std::string_view tag) {
  std::size_t at = tag.find_first_of(" \n");
  XmlElement element{std::string(tag.substr(0, at)), {}, {}};
  while (at != std::string_view::npos && (at = tag.find_first_not_of(" \n", at)) != std::string_view::npos) {
    const std::size_t quote = tag.find("=\"", at);
    const std::size_t end = quote == std::string_view::npos ? quote : tag.find('"', quote + 2);
    if (end == std::string_view::npos) throw std::runtime_error("an attribute without quotes in " + element.name);
    const std::string name(tag.substr(at, quote - at));
    const std::string value = without_entities(tag.substr(quote + 2, end - quote - 2));
    if (!element.attributes.emplace(name, value).second) throw std::runtime_error(name + " twice in " + element.name);
    at = end + 1;
  }
  return element;
}

}  // namespace

std::vector<XmlElement> parse_xml(const std::string& text) {
  std::vector<XmlElement> elements;
  std::vector<std::string> open;
  std::size_t at = text.starts_with("<?xml") ? text.find("?>") + 2 : 0;
  for (std::size_t tag = text.find('<', at); tag != std::string::npos; tag = text.find('<', at)) {
    const std::string before = without_entities(std::string_view(text).substr(at, tag - at));
    if (!open.empty() && elements.back().name == open.back()) elements.back().text += before;
    const std::size_t end = text.find('>', tag);
    if (end == std::string::npos) throw std::runtime_error("a tag without an end");
    const std::string_view inside = std::string_view(text).substr(tag + 1, end - tag - 1);
    at = end + 1;
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1))
        throw std::runtime_error("unexpected </" + std::string(inside));
      open.pop_back();
      continue;
    }
    if (!elements.empty() && open.empty()) throw std::runtime_error("two roots");
    const bool is_whole = inside.ends_with('/');
    elements.push_back(element_of(inside.substr(0, inside.size() - (is_whole ? 1 : 0))));
    if (!is_whole) open.push_back(elements.back().name);
  }
  if (!open.empty()) throw std::runtime_error(open.back() + " is never closed");
  if (text.substr(at) != "\n") throw std::runtime_error("something after the root");
  return elements;
}

}  // namespace zimage::test
