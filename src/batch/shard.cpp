#include "batch/shard.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/parse.h"

namespace zimage::batch {

Shard parse_shard(std::string_view option, std::string_view text) {
  constexpr config::IntegerRange kShards{1, 65'536};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    throw Error(ErrorKind::usage,
                std::string(option) + " " + printable(text, 100) + ": must be I/N, such as 0/4, or auto");
  }
  const auto count = config::parse_integer({std::string(option) + " I/N: N", text.substr(slash + 1)}, kShards);
  const auto index = config::parse_integer({std::string(option) + " I/N: I", text.substr(0, slash)}, {0, count - 1});
  return {static_cast<std::uint64_t>(index), static_cast<std::uint64_t>(count)};
}

std::string to_string(const Shard& shard) { return std::to_string(shard.index) + "/" + std::to_string(shard.count); }

}  // namespace zimage::batch
