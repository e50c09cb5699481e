#include "app/picture_record.h"

#include "zimage/error.h"

#include "app/json_values.h"
#include "base/text.h"
#include "io/file.h"
#include "io/jpeg.h"
#include "io/parameters.h"
#include "io/png.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace zimage::app {
namespace {

constexpr std::string_view kOurComment = "{\"zimage\":";
constexpr std::uint64_t kMaxFileBytes = 1ull << 30;

// The whole text as a number that is not negative, or nothing.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < Number{}) return std::nullopt;
  return number;
}

void add_size(io::Json::Object& members, const std::string& size) {
  const std::size_t by = size.find('x');
  if (by == std::string::npos) return;
  const auto width = number_of<std::int64_t>(std::string_view(size).substr(0, by));
  const auto height = number_of<std::int64_t>(std::string_view(size).substr(by + 1));
  if (!width || !height) return;
  members.emplace_back("width", json(*width));
  members.emplace_back("height", json(*height));
}

// What both programs have, by our names. Of the rest the names of the model and the program.
io::Json members_of(const io::Parameters& parameters) {
  io::Json::Object members{{"prompt", json(parameters.prompt)}, {"negative_prompt", json(parameters.negative_prompt)}};
  if (const std::string* const seed = parameters.find("Seed")) {
    if (const auto number = number_of<std::uint64_t>(*seed)) members.emplace_back("seed", json(*number));
  }
  if (const std::string* const steps = parameters.find("Steps")) {
    if (const auto number = number_of<std::int64_t>(*steps)) members.emplace_back("steps", json(*number));
  }
  if (const std::string* const scale = parameters.find("CFG scale")) {
    const auto number = number_of<double>(*scale);
    // Ours is one less: 0 is without guidance.
    if (number && std::isfinite(*number) && *number >= 1) {
      members.emplace_back("guidance_scale", io::Json(*number - 1));
    }
  }
  if (const std::string* const size = parameters.find("Size")) add_size(members, *size);
  constexpr std::array<std::array<const char*, 2>, 3> kNames{
      {{"Sampler", "sampler"}, {"Model", "model"}, {"Version", "version"}}};
  for (const auto& [theirs, ours] : kNames) {
    if (const std::string* const text = parameters.find(theirs)) members.emplace_back(ours, json(*text));
  }
  return io::Json(std::move(members));
}

io::PictureText text_of(const std::string& picture, const std::string& source) {
  if (!io::is_jpeg(picture)) return io::read_png_text(picture, source);
  const std::string comment = io::read_jpeg_comment(picture, source).value_or("");
  // Other programs write sentences there.
  return {comment.starts_with(kOurComment) ? comment : "", ""};
}

}  // namespace

PictureRecord read_picture_record(const std::filesystem::path& path) {
  const std::string source = printable(path.native());
  const io::PictureText text = text_of(io::read_whole(path, kMaxFileBytes), source);
  if (!text.json.empty()) {
    io::Json members = io::parse_json(text.json, source + ": zimage text");
    if (members.as<io::Json::Object>() == nullptr) {
      throw Error(ErrorKind::model, source + ": zimage text: must be an object");
    }
    return {std::move(members), false};
  }
  if (!text.parameters.empty()) return {members_of(io::parse_parameters(text.parameters)), true};
  throw Error(ErrorKind::model, source + ": does not say how it was made: no text \"zimage\" or \"parameters\" in it");
}

}  // namespace zimage::app
