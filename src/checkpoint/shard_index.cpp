#include "checkpoint/shard_index.h"

#include "base/text.h"
#include "io/file.h"
#include "io/json.h"
#include "io/model_file.h"

#include <map>

namespace zimage {
namespace {

// A tensor takes some 100 bytes here; the published index has 50 KB.
constexpr std::uint64_t kMaxBytes = 8 << 20;
// Every shard is a file held open.
constexpr std::size_t kMaxShards = 256;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& rule) {
  throw Error(ErrorKind::model, printable(path.native()) + ": " + rule);
}

std::optional<double> total_size(const io::Json& root) {
  const io::Json* metadata = root.find("metadata");
  const io::Json* size = metadata != nullptr ? metadata->find("total_size") : nullptr;
  if (size == nullptr) return std::nullopt;
  if (const auto* whole = size->as<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = size->as<double>()) return *real;
  return std::nullopt;
}

}  // namespace

ShardIndex read_shard_index(const std::filesystem::path& path) {
  const io::Json root = io::parse_json(io::read_whole(path, kMaxBytes), path.native());
  const io::Json* weight_map = root.find("weight_map");
  const auto* members = weight_map != nullptr ? weight_map->as<io::Json::Object>() : nullptr;
  if (members == nullptr) refuse(path, "weight_map must be an object");
  ShardIndex index{{}, {}, total_size(root)};
  std::map<std::string, std::size_t, std::less<>> positions;
  for (const auto& [tensor, shard] : *members) {
    const auto* name = shard.as<std::string>();
    const std::string subject = "weight_map, tensor \"" + printable(tensor, 200) + "\": ";
    if (name == nullptr)
      refuse(path, subject + "the file's name must be a string, is " + std::string(shard.type_name()));
    if (!io::is_plain_name(*name)) {
      refuse(path, subject + "\"" + printable(*name, 200) + "\" is not a plain file name");
    }
    const auto [position, is_new] = positions.try_emplace(*name, index.shards.size());
    if (is_new) index.shards.push_back(*name);
    if (index.shards.size() > kMaxShards) {
      refuse(path, "weight_map names more than " + std::to_string(kMaxShards) + " files");
    }
    index.locations.emplace_back(tensor, position->second);
  }
  return index;
}

}  // namespace zimage
