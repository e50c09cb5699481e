#include "checkpoint/conversion.h"

#include "base/text.h"
#include "checkpoint/model_files.h"
#include "io/json.h"

namespace zimage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxIndexBytes = 8 << 20;

bool is_float(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

// As weight_layout.h has it: what is not of the matrices' type in memory is not rounded here either.
DType converted(const io::TensorInfo& info, DType dtype) {
  const std::string_view name = info.name;
  const bool kept_vector = info.shape.size() < 2 && !name.ends_with(".bias");
  return kept_vector || name.ends_with("embed_tokens.weight") || !is_float(info.dtype) ? info.dtype : dtype;
}

std::string entry(const ConvertedTensor& tensor, std::uint64_t begin) {
  std::string shape;
  for (const std::int64_t size : tensor.from->shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
  std::string text = json_quoted(tensor.from->name);
  text += R"(:{"dtype":")";
  text += safetensors_name(tensor.dtype);
  text += R"(","shape":[)" + shape + R"(],"data_offsets":[)";
  text += std::to_string(begin) + "," + std::to_string(begin + tensor.bytes()) + "]}";
  return text;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i, value >>= 8) bytes += static_cast<char>(value & 0xFF);
  return bytes;
}

ConvertedFile converted_file(const fs::path& folder, const fs::path& path, DType dtype) {
  const auto from = std::make_shared<const io::SafetensorsFile>(path);
  ConvertedFile file{folder / path.filename(), from, {}, {}, 0};
  std::string json = R"({"__metadata__":{"format":"pt"})";  // without it transformers refuses the file
  for (const io::TensorInfo& info : from->tensors()) {
    if (info.dtype == DType::f8_e4m3) {
      throw Error(ErrorKind::model, printable(path.native()) + ": tensor \"" + printable(info.name, 200) +
                                        "\": is F8_E4M3 already, which 16 bit would make larger and no better");
    }
    file.tensors.push_back({&info, folder == "vae" ? info.dtype : converted(info, dtype), file.bytes});
    json += "," + entry(file.tensors.back(), file.bytes);
    file.bytes += file.tensors.back().bytes();
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');  // the data starts aligned
  file.header = little_endian(json.size()) + json;
  for (ConvertedTensor& tensor : file.tensors) tensor.offset += file.header.size();
  file.bytes += file.header.size();
  return file;
}

void append(std::vector<ConvertedFile>& to, const ComponentFiles& files, const fs::path& folder, DType dtype) {
  for (const fs::path& path : weight_files(files)) to.push_back(converted_file(folder, path, dtype));
}

}  // namespace

std::vector<ConvertedFile> plan_conversion(const Checkpoint& checkpoint, DType dtype) {
  std::vector<ConvertedFile> files;
  append(files, checkpoint.transformer(), "transformer", dtype);
  append(files, checkpoint.text_encoder(), "text_encoder", dtype);
  append(files, checkpoint.vae(), "vae", dtype);
  return files;
}

std::string with_total_size(const fs::path& index, std::uint64_t bytes) {
  const io::Json root = io::parse_json(io::read_whole(index, kMaxIndexBytes), index.native());
  io::Json::Object members;
  for (const auto& [name, value] : *root.as<io::Json::Object>()) {
    if (name != "metadata") members.emplace_back(name, value);
  }
  io::Json::Object metadata{{"total_size", io::Json(static_cast<std::int64_t>(bytes))}};
  members.emplace(members.begin(), "metadata", io::Json(std::move(metadata)));
  return io::to_string(io::Json(std::move(members))) + "\n";
}

}  // namespace zimage
