#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/shard_index.h"
#include "io/model_file.h"

#include <algorithm>

namespace zimage {
namespace {

std::uint64_t elements(const io::TensorInfo& info) { return info.bytes / dtype_bytes(info.dtype); }

std::string in_quotes(std::string_view name) { return '"' + printable(name, 200) + '"'; }

// "model.layers.0.…" and "layers.0.…" are the same tensor: transformers writes the first for a model with a head.
std::string_view known_name(std::string_view published) {
  constexpr std::string_view kPrefix = "model.";
  return published.starts_with(kPrefix) ? published.substr(kPrefix.size()) : published;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t dimension : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(dimension);
  }
  return text + "]";
}

void check_tensor(const TensorSource& source, const std::vector<std::int64_t>& shape) {
  const std::string subject =
      printable(source.file->path().native()) + ": tensor " + in_quotes(source.info->name) + ": ";
  if (source.info->shape != shape) {
    throw Error(ErrorKind::model, subject + "its shape is " + shape_text(source.info->shape) +
                                      ", the configuration asks for " + shape_text(shape));
  }
  const DType dtype = source.info->dtype;
  if (dtype != DType::f32 && dtype != DType::f16 && dtype != DType::bf16) {
    throw Error(ErrorKind::model,
                subject + "its dtype is " + std::string(safetensors_name(dtype)) + "; weights are F32, F16 or BF16");
  }
}

}  // namespace

ComponentFiles::ComponentFiles(const std::filesystem::path& dir, std::string_view stem) {
  const std::string single = std::string(stem) + ".safetensors", index = single + ".index.json";
  const bool is_sharded = io::is_present(dir / index);
  listing_ = io::model_file(dir, is_sharded ? index : single);
  if (is_sharded) {
    const ShardIndex shard_index = read_shard_index(listing_);
    for (const std::string& shard : shard_index.shards) open(dir, shard);
    list_tensors();
    check_index(shard_index);
  } else {
    open(dir, single);
    list_tensors();
  }
}

void ComponentFiles::open(const std::filesystem::path& dir, const std::string& name) {
  shards_.push_back(std::make_unique<io::SafetensorsFile>(io::model_file(dir, name)));
}

void ComponentFiles::list_tensors() {
  for (const auto& shard : shards_) {
    for (const io::TensorInfo& info : shard->tensors()) {
      tensors_.push_back({known_name(info.name), &shard->file(), &info});
      stored_.parameters[info.dtype] += elements(info);
      stored_.bytes += info.bytes;
    }
    stored_.file_bytes += shard->file().size();
  }
  stored_.files = shards_.size();
  stored_.tensors = tensors_.size();
  build_index();
  const auto name_at = [this](std::size_t i) { return tensors_[i].name; };
  if (const auto twice = index_.duplicate(name_at)) {
    throw Error(ErrorKind::model, printable(tensors_[*twice].file->path().native()) + ": tensor " +
                                      in_quotes(tensors_[*twice].info->name) + " is in this component twice");
  }
}

// Every listed tensor is in the shard listed for it; what else differs is worth a warning only.
void ComponentFiles::check_index(const ShardIndex& index) {
  for (const auto& [name, shard] : index.locations) {
    if (shards_[shard]->find(name) == nullptr) {
      throw Error(ErrorKind::model, printable(shards_[shard]->file().path().native()) + ": tensor " + in_quotes(name) +
                                        " is missing, which the index places there");
    }
  }
  if (const std::size_t unlisted = tensors_.size() - index.locations.size(); unlisted > 0) {
    warnings_.push_back(printable(listing_.native()) + ": " + std::to_string(unlisted) +
                        " tensors of the files are not in weight_map");
  }
  if (index.total_size && *index.total_size != static_cast<double>(stored_.bytes)) {
    warnings_.push_back(printable(listing_.native()) + ": total_size is not the " + std::to_string(stored_.bytes) +
                        " bytes that the tensors have");
  }
}

void ComponentFiles::build_index() {
  index_ = NameIndex(tensors_.size(), [this](std::size_t i) { return tensors_[i].name; });
}

const TensorSource* ComponentFiles::find(std::string_view name) const {
  const auto position = index_.find(name, [this](std::size_t i) { return tensors_[i].name; });
  return position ? &tensors_[*position] : nullptr;
}

void ComponentFiles::restrict_to(const ExpectedTensors& expected) {
  for (const auto& [name, shape] : expected.shapes) {
    const TensorSource* source = find(name);
    if (source == nullptr) {
      throw Error(ErrorKind::model, printable(listing_.native()) + ": tensor " + in_quotes(name) + " is missing");
    }
    check_tensor(*source, shape);
  }
  warn_of_strays(expected);
  std::erase_if(tensors_, [&](const TensorSource& source) { return !expected.shapes.contains(source.name); });
  tensors_.shrink_to_fit();
  build_index();
}

void ComponentFiles::warn_of_strays(const ExpectedTensors& expected) {
  const TensorSource* first = nullptr;
  std::size_t count = 0;
  for (const TensorSource& source : tensors_) {
    const bool unused = std::any_of(expected.unused.begin(), expected.unused.end(),
                                    [&](const std::string& prefix) { return source.name.starts_with(prefix); });
    if (unused || expected.shapes.contains(source.name)) continue;
    if (count++ == 0) first = &source;
  }
  if (count == 0) return;
  warnings_.push_back(printable(listing_.native()) + ": " + std::to_string(count) +
                      " tensors are not part of the model and are ignored; the first is " +
                      in_quotes(first->info->name));
}

std::uint64_t ComponentFiles::parameters() const {
  std::uint64_t sum = 0;
  for (const TensorSource& source : tensors_) sum += elements(*source.info);
  return sum;
}

std::uint64_t ComponentFiles::bytes() const {
  std::uint64_t sum = 0;
  for (const TensorSource& source : tensors_) sum += source.info->bytes;
  return sum;
}

}  // namespace zimage
