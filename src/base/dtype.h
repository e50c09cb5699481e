// Element types of tensors in files and in memory, by the names of safetensors and of the command line.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace zimage {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, f8_e4m3, f8_e5m2, boolean };

// Bytes of one element.
std::size_t dtype_bytes(DType dtype);

// "F32", "BF16", ...: the spelling of a safetensors header; nothing for one it does not define.
std::optional<DType> dtype_from_safetensors(std::string_view name);
std::string_view safetensors_name(DType dtype);

// "fp32" | "fp16" | "bf16": the spelling of --dtype; nothing for another word.
std::optional<DType> dtype_from_option(std::string_view name);
std::string_view option_name(DType dtype);

}  // namespace zimage
