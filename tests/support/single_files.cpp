#include "support/single_files.h"

#include "base/number_formats.h"
#include "io/safetensors.h"
#include "support/safetensors_builder.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <regex>
#include <vector>

namespace zimage::test {
namespace {

namespace fs = std::filesystem;

struct Tensor {
  DType dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};
using Tensors = std::map<std::string, Tensor>;

Tensors read_folder(const fs::path& folder) {
  Tensors tensors;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    const io::SafetensorsFile file(entry.path());
    for (const io::TensorInfo& info : file.tensors()) {
      std::string bytes(info.bytes, '\0');
      file.file().read_at(info.offset, std::as_writable_bytes(std::span(bytes)));
      tensors[info.name] = {info.dtype, info.shape, std::move(bytes)};
    }
  }
  return tensors;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? "," : "") + std::to_string(size);
  return text + "]";
}

void write(const Tensors& tensors, const SingleFile& to) {
  std::string header = "{", data;
  for (const auto& [name, tensor] : tensors) {
    const std::string begin = std::to_string(data.size());
    data += tensor.bytes;
    if (header.size() > 1) header += ',';
    header += header_entry(to.prefix + name, safetensors_name(tensor.dtype), shape_text(tensor.shape), begin,
                           std::to_string(data.size()));
  }
  header += '}';
  fs::create_directories(to.path.parent_path());
  std::ofstream(to.path, std::ios::binary) << safetensors_of(header, data);
}

std::string replaced(const std::string& text, const char* pattern, const char* with) {
  return std::regex_replace(text, std::regex(pattern), with);
}

std::string original_transformer_name(std::string name) {
  name = replaced(name, R"(^all_(x_embedder|final_layer)\.2-1\.)", "$1.");
  name = replaced(name, R"(\.attention\.to_out\.0\.)", ".attention.out.");
  name = replaced(name, R"(\.attention\.norm_([qk])\.)", ".attention.$1_norm.");
  return name;
}

// "decoder.up_blocks.0...." is the level next to the latents, "decoder.up.3...." in the original names.
std::string original_vae_name(std::string name) {
  for (int level = 0; level < 4; ++level) {
    const std::string there = "up_blocks." + std::to_string(level) + ".",
                      here = "up." + std::to_string(3 - level) + ".";
    if (const std::size_t at = name.find(there); at != std::string::npos) name.replace(at, there.size(), here);
  }
  name = replaced(name, R"(\.resnets\.(\d)\.)", ".block.$1.");
  name = replaced(name, R"(mid_block\.block\.0\.)", "mid.block_1.");
  name = replaced(name, R"(mid_block\.block\.1\.)", "mid.block_2.");
  name = replaced(name, R"(mid_block\.attentions\.0\.group_norm\.)", "mid.attn_1.norm.");
  name = replaced(name, R"(mid_block\.attentions\.0\.to_([qkv])\.)", "mid.attn_1.$1.");
  name = replaced(name, R"(mid_block\.attentions\.0\.to_out\.0\.)", "mid.attn_1.proj_out.");
  name = replaced(name, R"(upsamplers\.0\.conv\.)", "upsample.conv.");
  name = replaced(name, "conv_shortcut", "nin_shortcut");
  return replaced(name, "conv_norm_out", "norm_out");
}

// Of each value the nearest code of so many times its size; `values` becomes what the codes stand for.
std::string float8_codes(std::vector<float>& values, float scale) {
  std::string codes;
  for (float& value : values) {
    int best = 0;
    for (int code = 0; code < 256; ++code) {
      const float distance = std::abs(value_of_f8_e4m3(static_cast<std::uint8_t>(code)) * scale - value);
      if (distance < std::abs(value_of_f8_e4m3(static_cast<std::uint8_t>(best)) * scale - value)) best = code;
    }
    codes += static_cast<char>(best);
    value = value_of_f8_e4m3(static_cast<std::uint8_t>(best)) * scale;
  }
  return codes;
}

}  // namespace

void write_float8(const fs::path& from, const fs::path& codes, const fs::path& values) {
  Tensors as_codes, as_values = read_folder(from);
  for (auto& [name, tensor] : as_values) {
    as_codes[name] = tensor;
    if (tensor.shape.size() != 2 || !name.ends_with(".weight")) continue;
    std::vector<float> numbers(tensor.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    const float scale = 0.001F * static_cast<float>(1 + name.size() % 3);
    as_codes[name] = {DType::f8_e4m3, tensor.shape, float8_codes(numbers, scale)};
    as_codes[name.substr(0, name.size() - 6) + "scale_weight"] = {
        DType::f32, {}, std::string(reinterpret_cast<const char*>(&scale), sizeof scale)};
    std::memcpy(tensor.bytes.data(), numbers.data(), tensor.bytes.size());
  }
  write(as_codes, {codes, ""});
  write(as_values, {values, ""});
}

void write_original_transformer(const fs::path& from, const SingleFile& to) {
  const Tensors published = read_folder(from);
  Tensors original;
  for (const auto& [name, tensor] : published) {
    const std::size_t at = name.find(".attention.to_q.weight");
    if (at == std::string::npos) {
      if (!std::regex_search(name, std::regex(R"(\.attention\.to_[kv]\.weight$)"))) {
        original[original_transformer_name(name)] = tensor;
      }
      continue;
    }
    const std::string block = name.substr(0, at);
    Tensor fused = tensor;
    fused.shape[0] *= 3;
    fused.bytes += published.at(block + ".attention.to_k.weight").bytes;
    fused.bytes += published.at(block + ".attention.to_v.weight").bytes;
    original[block + ".attention.qkv.weight"] = fused;
  }
  original["norm_final.weight"] = original.at("cap_embedder.0.weight");  // as the files have it, unused
  write(original, to);
}

void write_original_vae(const fs::path& from, const SingleFile& to) {
  Tensors original;
  for (auto& [name, tensor] : read_folder(from)) {
    Tensor& moved = original[original_vae_name(name)] = tensor;
    const bool projection = name.find("attentions.0.to_") != std::string::npos;
    if (projection && moved.shape.size() == 2) moved.shape.insert(moved.shape.end(), {1, 1});
  }
  write(original, to);
}

void write_text_encoder(const fs::path& from, const SingleFile& to) {
  Tensors tensors;
  for (auto& [name, tensor] : read_folder(from)) {
    tensors[name.starts_with("model.") ? name.substr(6) : name] = tensor;
  }
  write(tensors, to);
}

}  // namespace zimage::test
