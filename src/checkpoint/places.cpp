#include "checkpoint/places.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/model_file.h"

#include <string>
#include <system_error>
#include <vector>

namespace zimage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";

struct ComponentName {
  std::string folder;     // in a model's folder
  std::string_view stem;  // of its files
};

[[noreturn]] void refuse(const fs::path& path, const std::string& rule) {
  throw Error(ErrorKind::model, printable(path.native()) + ": " + rule);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Of a folder whose files are not named as the published ones: the only safetensors file in it.
fs::path only_file(const fs::path& folder, const ComponentName& name) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  if (files.size() == 1) return io::model_file(folder, files.front().filename().native());
  refuse(folder, "holds neither " + std::string(name.stem) + ".safetensors nor its index, and " +
                     std::to_string(files.size()) + " other safetensors files; give the " + name.folder +
                     "'s file itself");
}

ComponentPlace place_of_folder(const fs::path& folder, const ComponentName& name) {
  const std::string single = std::string(name.stem) + ".safetensors";
  ComponentPlace place{folder, {}, io::is_present(folder / kConfig)};
  const bool published = io::is_present(folder / single) || io::is_present(folder / (single + ".index.json"));
  if (!published) place.file = only_file(folder, name);
  return place;
}

// A file by its published name, or an index, belongs to its folder's config.json; one by another name stands for
// itself.
ComponentPlace place_of_file(const fs::path& file, const ComponentName& name) {
  const fs::path folder = file.parent_path();
  const std::string single = std::string(name.stem) + ".safetensors";
  if (file.filename() == single + ".index.json") return {folder, {}, is_file(folder / kConfig)};
  const bool published = file.filename() == single;
  if (published && is_file(folder / kConfig)) return {folder, file, true};
  return {{}, file, false};
}

ComponentPlace place_of(const fs::path& dir, const fs::path& given, const ComponentName& name) {
  if (given.empty()) {
    if (dir.empty()) throw Error(ErrorKind::model, "no " + name.folder + " and no model folder is given");
    return {io::model_subfolder(dir, name.folder), {}, true};
  }
  if (is_file(given)) return place_of_file(given, name);
  if (!is_folder(given)) refuse(given, "no such file or folder (the " + name.folder + ")");
  return place_of_folder(is_folder(given / name.folder) ? given / name.folder : given, name);
}

bool holds_tokenizer(const fs::path& folder) {
  return is_file(folder / "tokenizer.json") || is_file(folder / "vocab.json");
}

// The model's, else beside the files: a folder "tokenizer", or its files themselves.
fs::path tokenizer_of(const fs::path& dir, const ComponentPaths& components) {
  if (!components.tokenizer.empty()) return components.tokenizer;
  if (!dir.empty()) return dir / "tokenizer";
  for (const fs::path& given : {components.text_encoder, components.transformer, components.vae}) {
    const fs::path outside = is_folder(given) ? given / ".." : given.parent_path();
    for (const fs::path& folder : {is_folder(given) ? given : outside, outside}) {
      if (holds_tokenizer(folder / "tokenizer")) return (folder / "tokenizer").lexically_normal();
      if (holds_tokenizer(folder)) return folder.empty() ? fs::path(".") : folder.lexically_normal();
    }
  }
  return {};
}

}  // namespace

CheckpointPlaces find_places(const fs::path& dir, const ComponentPaths& components) {
  return {dir, place_of(dir, components.text_encoder, {"text_encoder", kTextEncoderStem}),
          place_of(dir, components.transformer, {"transformer", kDiffusersStem}),
          place_of(dir, components.vae, {"vae", kDiffusersStem}), tokenizer_of(dir, components)};
}

fs::path find_tokenizer(const fs::path& dir, const ComponentPaths& components) {
  fs::path tokenizer = tokenizer_of(dir, components);
  if (tokenizer.empty()) {
    throw Error(ErrorKind::model,
                "no tokenizer: --tokenizer DIR is not given, and no folder \"tokenizer\" with tokenizer.json, as the "
                "published model has it, is beside the model's files");
  }
  return tokenizer;
}

}  // namespace zimage
