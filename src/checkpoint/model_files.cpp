#include "checkpoint/model_files.h"

#include "checkpoint/shard_index.h"
#include "io/model_file.h"

#include <algorithm>
#include <set>
#include <system_error>

namespace zimage {

namespace fs = std::filesystem;

namespace {

// Names of files that are no weights. Throws for a symlink that leaves the repository.
std::vector<fs::path> other_files_in(const fs::path& folder) {
  std::vector<fs::path> names;
  std::error_code error;
  for (const fs::directory_entry& one : fs::directory_iterator(folder, error)) {
    const fs::path name = one.path().filename();
    std::error_code ignored;
    const bool is_wanted = name.extension() != ".safetensors" && !name.native().starts_with('.');
    if (!is_wanted || !one.is_regular_file(ignored)) continue;
    io::model_file(folder, name.native());
    names.push_back(name);
  }
  return names;
}

// Adds those with one of these extensions: the folder may hold anything else.
void append(std::vector<fs::path>& files, const fs::path& folder, const std::set<fs::path>& extensions) {
  if (folder.empty()) return;
  for (const fs::path& name : other_files_in(folder)) {
    if (extensions.contains(name.extension())) files.push_back(folder / name);
  }
}

}  // namespace

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
    for (const fs::path& name : other_files_in(dir / folder)) files.push_back(folder / name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> other_files(const CheckpointPlaces& places) {
  std::vector<fs::path> files;
  if (!places.model_dir.empty()) {
    for (const fs::path& folder : {places.model_dir, places.model_dir / "scheduler"}) {
      for (const fs::path& name : other_files_in(folder)) files.push_back(folder / name);
    }
  }
  for (const ComponentPlace* place : {&places.text_encoder, &places.transformer, &places.vae}) {
    append(files, place->folder, {".json"});
  }
  append(files, places.tokenizer, {".json", ".txt", ".jinja"});
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace zimage
