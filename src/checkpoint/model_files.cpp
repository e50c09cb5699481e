#include "checkpoint/model_files.h"

#include "checkpoint/shard_index.h"
#include "io/model_file.h"

#include <algorithm>
#include <system_error>

namespace zimage {

namespace fs = std::filesystem;

std::vector<fs::path> weight_files(const ComponentFiles& component) {
  const fs::path& listing = component.listing();
  if (listing.extension() != ".json") return {listing};
  std::vector<fs::path> files;
  for (const std::string& shard : read_shard_index(listing).shards) {
    files.push_back(io::model_file(listing.parent_path(), shard));
  }
  return files;
}

std::vector<fs::path> other_files(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const char* folder : {"", "scheduler", "text_encoder", "tokenizer", "transformer", "vae"}) {
    std::error_code error;
    for (const fs::directory_entry& one : fs::directory_iterator(dir / folder, error)) {
      const fs::path name = one.path().filename();
      std::error_code ignored;
      const bool is_wanted = name.extension() != ".safetensors" && !name.native().starts_with('.');
      if (!is_wanted || !one.is_regular_file(ignored)) continue;
      io::model_file(dir / folder, name.native());  // throws for a symlink that leaves the repository
      files.push_back(folder / name);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace zimage
