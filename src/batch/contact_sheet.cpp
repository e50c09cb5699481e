#include "batch/contact_sheet.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/png.h"
#include "io/png_pixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

namespace zimage::batch {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxSheet = 8192;  // pixels a side
constexpr int kMaxCell = 256, kMinCell = 16;
constexpr std::size_t kChannels = 3;
constexpr std::uint64_t kMaxFileBytes = 1ull << 30;

constexpr std::string_view kPageStart =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>zimage batch</title>\n<style>\n"
    "body { margin: 1rem; font: 14px sans-serif; display: grid; gap: 1rem;"
    " grid-template-columns: repeat(auto-fill, minmax(256px, 1fr)); }\n"
    "figure { margin: 0; }\nimg { width: 100%; height: auto; }\n"
    "figcaption { overflow-wrap: anywhere; }\nsmall { color: #666; }\n</style>\n";

std::string html(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// RFC 3986: all but unreserved characters and the slash.
std::string url(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~/").find(c) != std::string_view::npos;
    if (is_plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::string figure(const JournalEntry& entry, const std::string& folder) {
  const std::string link = html(url(folder + entry.job.file));
  std::string text = "<figure><a href=\"" + link;
  text += "\"><img loading=\"lazy\" src=\"" + link;
  text += "\" alt=\"" + html(entry.job.request.prompt);
  text += "\"></a><figcaption>" + html(entry.job.request.prompt);
  text += "<br><small>seed " + std::to_string(entry.job.request.seed);
  text += " · " + html(entry.job.file);
  return text += "</small></figcaption></figure>\n";
}

std::vector<const JournalEntry*> done_of(const std::vector<JournalEntry>& entries) {
  std::vector<const JournalEntry*> done;
  for (const JournalEntry& entry : entries) {
    if (entry.status == Status::done) done.push_back(&entry);
  }
  return done;
}

// Into the middle of a cell.
void paste(const Image& picture, Image& sheet, int left, int top, int cell) {
  left += (cell - picture.width) / 2;
  top += (cell - picture.height) / 2;
  const auto row_bytes = kChannels * static_cast<std::size_t>(picture.width);
  for (int y = 0; y < picture.height; ++y) {
    const auto to = kChannels * (static_cast<std::size_t>(top + y) * static_cast<std::size_t>(sheet.width) +
                                 static_cast<std::size_t>(left));
    std::copy_n(picture.rgb.begin() + static_cast<std::ptrdiff_t>(row_bytes * static_cast<std::size_t>(y)), row_bytes,
                sheet.rgb.begin() + static_cast<std::ptrdiff_t>(to));
  }
}

// From the sheet's folder; the pictures' own where there is no way between the two.
std::string folder_from(const fs::path& sheet, const fs::path& dir) {
  std::error_code error;
  const fs::path from = sheet.parent_path().empty() ? fs::path(".") : sheet.parent_path();
  const fs::path relative = fs::relative(dir, from, error);
  const std::string folder = error || relative.empty() ? dir.string() : relative.string();
  return folder == "." ? "" : folder + "/";
}

}  // namespace

std::string sheet_html(const std::vector<JournalEntry>& entries, const std::string& folder) {
  std::string page(kPageStart);
  for (const JournalEntry* const entry : done_of(entries)) page += figure(*entry, folder);
  return page + "</html>\n";
}

Image thumbnail(const Image& image, int side) {
  const int longest = std::max(image.width, image.height);
  if (longest <= side) return image;
  const auto scaled = [&](int pixels) {
    return std::max(1, static_cast<int>(static_cast<long>(pixels) * side / longest));
  };
  Image small{scaled(image.width), scaled(image.height), {}};
  for (int y = 0; y < small.height; ++y) {
    const int top = y * image.height / small.height, bottom = (y + 1) * image.height / small.height;
    for (int x = 0; x < small.width; ++x) {
      const int left = x * image.width / small.width, right = (x + 1) * image.width / small.width;
      std::array<std::uint32_t, kChannels> sums{};
      for (int row = top; row < bottom; ++row) {
        for (int column = left; column < right; ++column) {
          const auto at = kChannels * (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width) +
                                       static_cast<std::size_t>(column));
          for (std::size_t c = 0; c < kChannels; ++c) sums[c] += image.rgb[at + c];
        }
      }
      const auto pixels = static_cast<std::uint32_t>((bottom - top) * (right - left));
      for (const std::uint32_t sum : sums) small.rgb.push_back(static_cast<std::uint8_t>((sum + pixels / 2) / pixels));
    }
  }
  return small;
}

Image sheet_image(const std::vector<JournalEntry>& entries, const fs::path& dir) {
  std::vector<const JournalEntry*> done = done_of(entries);
  constexpr std::size_t kMaxColumns = kMaxSheet / kMinCell;
  done.resize(std::min(done.size(), kMaxColumns * kMaxColumns));
  const int columns = std::max(1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(done.size())))));
  const int rows = std::max(1, (static_cast<int>(done.size()) + columns - 1) / columns);
  const int cell = std::min(kMaxCell, kMaxSheet / columns);
  Image sheet{columns * cell, rows * cell, {}};
  sheet.rgb.assign(kChannels * static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height), 255);
  for (std::size_t i = 0; i < done.size(); ++i) {
    const int column = static_cast<int>(i) % columns, row = static_cast<int>(i) / columns;
    try {
      const fs::path path = dir / done[i]->job.file;
      const Image image = io::read_png(io::read_whole(path, kMaxFileBytes, ErrorKind::io), printable(path.native()));
      paste(thumbnail(image, cell), sheet, column * cell, row * cell, cell);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io && error.kind() != ErrorKind::model) throw;
    }
  }
  return sheet;
}

void write_contact_sheet(const fs::path& path, const fs::path& dir, const std::vector<JournalEntry>& entries,
                         io::Overwrite overwrite) {
  const std::string bytes = path.extension() == ".html" ? sheet_html(entries, folder_from(path, dir))
                                                        : io::png_bytes(sheet_image(entries, dir), {});
  io::write_atomically(path, std::as_bytes(std::span(bytes)), overwrite);
}

}  // namespace zimage::batch
