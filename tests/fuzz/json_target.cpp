#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/json.h"

namespace zimage::fuzz {

void json(std::string_view input) {
  io::Json json;
  if (!accepts({ErrorKind::model}, [&] { json = io::parse_json(input, "f.json"); })) return;
  const std::string text = io::to_string(json);
  require(is_utf8(text), "printed JSON that is not UTF-8");
  require(io::to_string(io::parse_json(text, "printed")) == text, "printed JSON reads back otherwise: " + text);
}

}  // namespace zimage::fuzz
