// Enough of XML to hold a picture against: elements, attributes, text, entities; anything malformed throws.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace zimage::test {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  // up to its first child
};

// All elements in the order of their start tags. Throws std::runtime_error for text that is not well-formed.
std::vector<XmlElement> parse_xml(const std::string& text);

}  // namespace zimage::test
