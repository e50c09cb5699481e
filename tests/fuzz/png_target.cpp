#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/jpeg.h"
#include "io/parameters.h"
#include "io/png.h"

namespace zimage::fuzz {

void png_metadata(std::string_view input) {
  io::PictureText all;
  if (accepts({ErrorKind::model}, [&] { all = io::read_png_text(input, "f.png"); })) {
    const io::PictureText again = io::read_png_text(io::png_bytes({1, 1, {1, 2, 3}}, all), "written");
    require(again.json == all.json && again.parameters == all.parameters, "texts that read back otherwise");
  }
  std::optional<std::string> text;
  if (!accepts({ErrorKind::model}, [&] { text = io::read_png_metadata(input, "f.png"); }) || !text || text->empty())
    return;
  const Image pixel{1, 1, {1, 2, 3}};
  require(io::read_png_metadata(io::png_bytes(pixel, {.json = *text, .parameters = {}}), "written") == text,
          "metadata that reads back otherwise");
}

void jpeg_comment(std::string_view input) {
  std::optional<std::string> comment;
  if (!accepts({ErrorKind::model}, [&] { comment = io::read_jpeg_comment(input, "f.jpg"); })) return;
  if (!comment || comment->empty()) return;
  const Image pixel{1, 1, {1, 2, 3}};
  require(io::read_jpeg_comment(io::jpeg_bytes(pixel, {.quality = 95, .comment = *comment}), "written") == comment,
          "a comment that reads back otherwise");
}

void parameters(std::string_view input) {
  const io::Parameters read = io::parse_parameters(input);
  if (read.fields.empty() || !is_utf8(input)) return;
  const io::Parameters again = io::parse_parameters(io::to_string(read));
  require(again.fields == read.fields, "fields that read back otherwise");
  require(again.prompt == read.prompt && again.negative_prompt == read.negative_prompt,
          "prompts that read back otherwise");
}

}  // namespace zimage::fuzz
