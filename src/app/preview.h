// A picture shown on the terminal, by the best means that it has.
#pragma once

#include "zimage/image.h"

#include "app/terminal.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zimage::app {

// kitty: its graphics protocol. sixel: DEC's. blocks: half-block characters in 24-bit colours.
enum class PreviewProtocol { kitty, sixel, blocks };

struct TerminalTraits {
  std::string term, program;    // $TERM, $TERM_PROGRAM
  bool is_kitty = false;        // $KITTY_WINDOW_ID is there
  bool is_multiplexed = false;  // $TMUX or $STY is there: graphics of the terminal outside do not come through
};
TerminalTraits terminal_traits();

// has_sixels is asked only where the environment leaves it open.
PreviewProtocol choose_protocol(const TerminalTraits& traits, const std::function<bool()>& has_sixels);

// Whether the answer to a terminal's "primary device attributes" tells of sixels (attribute 4).
bool tells_of_sixels(std::string_view answer);

// The bytes that show the picture, no larger than the terminal, a line free above and below.
std::string preview_bytes(const Image& image, PreviewProtocol protocol, const TerminalSize& size);

class Preview {
 public:
  // wanted: auto, kitty, sixel or blocks; nothing: no preview. Where standard error is no terminal, or messages are
  // JSON, that is said in one line and nothing will be shown.
  Preview(const std::optional<std::string>& wanted, std::string_view log_format);

  void show(const Image& image) const;

 private:
  std::optional<PreviewProtocol> protocol_;
};

}  // namespace zimage::app
