#include "base/number_formats.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/shard_index.h"
#include "io/model_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>

namespace zimage {
namespace {

std::uint64_t elements(const io::TensorInfo& info) { return info.bytes / dtype_bytes(info.dtype); }

std::string in_quotes(std::string_view name) { return '"' + printable(name, 200) + '"'; }

std::vector<std::int64_t> as_matrix(std::vector<std::int64_t> shape) {
  while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
  return shape;
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
  if (dtype != DType::f32 && dtype != DType::f16 && dtype != DType::bf16 && dtype != DType::f8_e4m3) {
    throw Error(ErrorKind::model, subject + "its dtype is " + std::string(safetensors_name(dtype)) +
                                      "; weights are F32, F16, BF16 or F8_E4M3");
  }
}

using HasTensor = std::function<bool(const std::string&)>;

// Of files of which no config.json says what they are.
[[noreturn]] void refuse_unknown(const std::filesystem::path& file, const NameTable& names,
                                 const HasTensor& has_tensor) {
  std::string message = printable(file.native()) + ": holds no " + std::string(names.component);
  for (const NameTable* other : {&text_encoder_names(), &transformer_names(), &vae_names()}) {
    if (!NameTranslation(*other, has_tensor).is_known()) continue;
    throw Error(ErrorKind::model, message + ", but a " + std::string(other->component));
  }
  std::string markers;
  for (const NameLayout& layout : names.layouts) markers += (markers.empty() ? "" : " or ") + in_quotes(layout.marker);
  throw Error(ErrorKind::model, message + ": no tensor is called " + markers);
}

// What files with float8 weights have beside them: scales, and what their makers noted.
bool is_of_float8(std::string_view name) {
  constexpr std::string_view kEnds[]{".scale_weight", ".weight_scale", ".scale_input",
                                     ".input_scale",  ".comfy_quant",  "scaled_fp8"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view end) { return name.ends_with(end); });
}

float read_scale(const io::ReadFile& file, const io::TensorInfo& info) {
  const auto refuse = [&](const std::string& rule) {
    throw Error(ErrorKind::model, printable(file.path().native()) + ": tensor " + in_quotes(info.name) + ": " + rule);
  };
  const bool known = info.dtype == DType::f32 || info.dtype == DType::bf16 || info.dtype == DType::f16;
  if (info.name.ends_with("_inv")) refuse("a scale of this kind is not known");
  if (!known || elements(info) != 1) {
    refuse("a scale of " + std::string(safetensors_name(info.dtype)) + ' ' + shape_text(info.shape) +
           "; this program computes one number for each tensor");
  }
  std::array<std::byte, sizeof(float)> bytes{};
  file.read_at(info.offset, std::span(bytes).first(info.bytes));
  std::uint32_t bits = 0;
  std::memcpy(&bits, bytes.data(), sizeof bits);  // little-endian, as the format
  const auto half = static_cast<std::uint16_t>(bits);
  const float scale = info.dtype == DType::f32    ? std::bit_cast<float>(bits)
                      : info.dtype == DType::bf16 ? value_of_bf16(half)
                                                  : value_of_f16(half);
  if (!std::isfinite(scale)) refuse("the scale is not finite");
  return scale;
}

}  // namespace

ComponentFiles::ComponentFiles(const ComponentPlace& place, std::string_view stem, const NameTable& names) {
  const std::string single = std::string(stem) + ".safetensors", index = single + ".index.json";
  if (!place.file.empty()) {
    listing_ = place.file;
  } else {
    listing_ = io::model_file(place.folder, io::is_present(place.folder / index) ? index : single);
  }
  if (!place.file.empty() || listing_.extension() != ".json") {
    open(listing_);
    list_tensors(names, place);
    return;
  }
  const ShardIndex shard_index = read_shard_index(listing_);
  for (const std::string& shard : shard_index.shards) open(io::model_file(place.folder, shard));
  list_tensors(names, place);
  check_index(shard_index);
}

void ComponentFiles::open(const std::filesystem::path& path) {
  shards_.push_back(std::make_unique<io::SafetensorsFile>(path));
}

// Adds the tensor, or those that it holds, under the program's names.
void ComponentFiles::list_tensor(const io::SafetensorsFile& shard, const io::TensorInfo& info,
                                 const NameTranslation& translation) {
  const std::string_view name = translation.stripped(info.name);
  const std::vector<Renamed> renamed = translation.renamed(name);
  for (const Renamed& one : renamed) {
    Translated part{one.name, info};
    if (one.form == TensorForm::matrix) part.info.shape = as_matrix(info.shape);
    if (one.parts > 1) {
      const auto parts = static_cast<std::int64_t>(one.parts);
      if (info.shape.empty() || info.shape[0] % parts != 0) {
        throw Error(ErrorKind::model, printable(shard.file().path().native()) + ": tensor " + in_quotes(info.name) +
                                          ": its shape is " + shape_text(info.shape) + ", which is not " +
                                          std::to_string(parts) + " equal tensors");
      }
      part.info.shape[0] /= parts;
      part.info.bytes /= one.parts;
      part.info.offset += one.part * part.info.bytes;
    }
    translated_.push_back(std::move(part));
    tensors_.push_back({translated_.back().name, &shard.file(), &translated_.back().info});
  }
  if (renamed.empty()) tensors_.push_back({name, &shard.file(), &info});
}

void ComponentFiles::list_tensors(const NameTable& names, const ComponentPlace& place) {
  const HasTensor has_tensor = [this](const std::string& name) {
    return std::any_of(shards_.begin(), shards_.end(), [&](const auto& shard) { return shard->find(name) != nullptr; });
  };
  const NameTranslation translation(names, has_tensor);
  if (!place.has_config && !translation.is_known()) refuse_unknown(listing_, names, has_tensor);
  for (const auto& shard : shards_) {
    for (const io::TensorInfo& info : shard->tensors()) {
      if (!translation.is_own(info.name)) continue;
      list_tensor(*shard, info, translation);
      stored_.parameters[info.dtype] += elements(info);
      stored_.bytes += info.bytes;
      ++stored_.tensors;
    }
    stored_.file_bytes += shard->file().size();
  }
  stored_.files = shards_.size();
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
  if (const std::size_t unlisted = stored_.tensors - index.locations.size(); unlisted > 0) {
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
  for (TensorSource& source : tensors_) {
    if (source.info->dtype == DType::f8_e4m3 && expected.shapes.contains(source.name)) source.scale = scale_of(source);
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
    if (unused || expected.shapes.contains(source.name) || is_of_float8(source.name)) continue;
    if (count++ == 0) first = &source;
  }
  if (count == 0) return;
  warnings_.push_back(printable(listing_.native()) + ": " + std::to_string(count) +
                      " tensors are not part of the model and are ignored; the first is " +
                      in_quotes(first->info->name));
}

float ComponentFiles::scale_of(const TensorSource& source) const {
  constexpr std::string_view kWeight = ".weight";
  std::string_view stem = source.info->name;
  if (!stem.ends_with(kWeight)) return 1;
  stem.remove_suffix(kWeight.size());
  for (const char* end : {".scale_weight", ".weight_scale", ".weight_scale_inv"}) {
    const std::string name = std::string(stem) + end;
    for (const auto& shard : shards_) {
      if (const io::TensorInfo* info = shard->find(name)) return read_scale(shard->file(), *info);
    }
  }
  return 1;
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
