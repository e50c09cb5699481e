#include "app/kitty_graphics.h"

#include <algorithm>

namespace zimage::app {
namespace {

constexpr std::size_t kChunk = 4096;  // the most that the protocol allows in one code

std::string base64(std::string_view bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace

std::string kitty_graphics(std::string_view png, int columns) {
  const std::string payload = base64(png);
  std::string codes;
  for (std::size_t at = 0; at < payload.size(); at += kChunk) {
    // f: the payload is a PNG; a: transmit and show; q: no answers; c: columns; m: whether more follows.
    codes += "\x1b_G";
    if (at == 0) codes += "f=100,a=T,q=2,c=" + std::to_string(columns) + ",";
    codes += at + kChunk < payload.size() ? "m=1;" : "m=0;";
    codes.append(payload, at, kChunk);
    codes += "\x1b\\";
  }
  return codes + "\n";
}

}  // namespace zimage::app
