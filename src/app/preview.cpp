#include "app/preview.h"

#include "app/area_average.h"
#include "app/half_blocks.h"
#include "app/kitty_graphics.h"
#include "app/sixel.h"
#include "app/terminal_query.h"
#include "base/log.h"
#include "io/png.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace zimage::app {
namespace {

// Of a cell, where the terminal does not tell: small, so that a picture is not too large.
constexpr int kCellWidth = 8, kCellHeight = 16;
constexpr int kFreeLines = 2;  // the command's and the prompt's

bool holds(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct PixelBox {
  int cell_width, width, height;
};

PixelBox pixel_box(const TerminalSize& size) {
  const bool known = size.width >= size.columns && size.height >= size.rows;
  const int cell_width = known ? size.width / size.columns : kCellWidth;
  const int cell_height = known ? size.height / size.rows : kCellHeight;
  return {cell_width, std::max(1, size.columns - 1) * cell_width, std::max(1, size.rows - kFreeLines) * cell_height};
}

std::string kitty_bytes(const Image& image, const PixelBox& box) {
  const double scale =
      std::min({1.0, static_cast<double>(box.width) / image.width, static_cast<double>(box.height) / image.height});
  const int columns = static_cast<int>(image.width * scale) / box.cell_width;
  return kitty_graphics(io::png_bytes(image, {}), std::max(1, columns));
}

void write_to_terminal(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
  std::fflush(stderr);
}

PreviewProtocol protocol_of(const std::string& wanted) {
  if (wanted == "kitty") return PreviewProtocol::kitty;
  if (wanted == "sixel") return PreviewProtocol::sixel;
  if (wanted == "blocks") return PreviewProtocol::blocks;
  return choose_protocol(terminal_traits(), [] { return tells_of_sixels(ask_device_attributes()); });
}

}  // namespace

TerminalTraits terminal_traits() {
  return {.term = variable("TERM"),
          .program = variable("TERM_PROGRAM"),
          .is_kitty = !variable("KITTY_WINDOW_ID").empty(),
          .is_multiplexed = !variable("TMUX").empty() || !variable("STY").empty()};
}

PreviewProtocol choose_protocol(const TerminalTraits& traits, const std::function<bool()>& has_sixels) {
  const bool shows_kitty = traits.is_kitty || holds(traits.term, "kitty") || holds(traits.term, "ghostty") ||
                           traits.program == "ghostty" || traits.program == "WezTerm";
  if (shows_kitty && !traits.is_multiplexed) return PreviewProtocol::kitty;
  return has_sixels() ? PreviewProtocol::sixel : PreviewProtocol::blocks;
}

bool tells_of_sixels(std::string_view answer) {
  const std::size_t begin = answer.find("\x1b[?");
  if (begin == std::string_view::npos) return false;
  answer.remove_prefix(begin + 3);
  const std::size_t end = answer.find('c');
  if (end == std::string_view::npos) return false;
  const std::string attributes = ";" + std::string(answer.substr(0, end)) + ";";
  return attributes.find(";4;", 1) != std::string::npos;  // the first is the terminal's class
}

std::string preview_bytes(const Image& image, PreviewProtocol protocol, const TerminalSize& size) {
  const PixelBox box = pixel_box(size);
  if (protocol == PreviewProtocol::kitty) return kitty_bytes(image, box);
  if (protocol == PreviewProtocol::sixel) return sixels(in_few_colours(fitted(image, box.width, box.height)));
  // A cell is twice as high as wide, so that its halves are square.
  return half_blocks(fitted(image, std::max(1, size.columns - 1), 2 * std::max(1, size.rows - kFreeLines)));
}

Preview::Preview(const std::optional<std::string>& wanted, std::string_view log_format) {
  if (!wanted) return;
  if (log_format == "json") {
    log::warning("--show: no preview among messages in JSON");
  } else if (!is_terminal(STDERR_FILENO)) {
    log::warning("--show: standard error is no terminal, no preview");
  } else {
    protocol_ = protocol_of(*wanted);
  }
}

void Preview::show(const Image& image) const {
  if (protocol_) write_to_terminal(preview_bytes(image, *protocol_, terminal_size(STDERR_FILENO)));
}

}  // namespace zimage::app
