#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/png.h"

namespace zimage::fuzz {

void png_metadata(std::string_view input) {
  std::optional<std::string> text;
  if (!accepts({ErrorKind::model}, [&] { text = io::read_png_metadata(input, "f.png"); }) || !text) return;
  const Image pixel{1, 1, {1, 2, 3}};
  require(io::read_png_metadata(io::png_bytes(pixel, *text), "written") == text, "metadata that reads back otherwise");
}

}  // namespace zimage::fuzz
