#include "base/dtype.h"

#include <array>

namespace zimage {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};

// In the order of the enumeration.
constexpr std::array<Entry, 15> kEntries{{{DType::f64, "F64", 8},
                                          {DType::f32, "F32", 4},
                                          {DType::f16, "F16", 2},
                                          {DType::bf16, "BF16", 2},
                                          {DType::i64, "I64", 8},
                                          {DType::i32, "I32", 4},
                                          {DType::i16, "I16", 2},
                                          {DType::i8, "I8", 1},
                                          {DType::u64, "U64", 8},
                                          {DType::u32, "U32", 4},
                                          {DType::u16, "U16", 2},
                                          {DType::u8, "U8", 1},
                                          {DType::f8_e4m3, "F8_E4M3", 1},
                                          {DType::f8_e5m2, "F8_E5M2", 1},
                                          {DType::boolean, "BOOL", 1}}};

constexpr const Entry& entry(DType dtype) { return kEntries[static_cast<std::size_t>(dtype)]; }
static_assert(entry(DType::boolean).dtype == DType::boolean && entry(DType::u64).dtype == DType::u64);

}  // namespace

std::size_t dtype_bytes(DType dtype) { return entry(dtype).bytes; }

std::optional<DType> dtype_from_safetensors(std::string_view name) {
  for (const Entry& candidate : kEntries) {
    if (candidate.name == name) return candidate.dtype;
  }
  return std::nullopt;
}

std::string_view safetensors_name(DType dtype) { return entry(dtype).name; }

std::optional<DType> dtype_from_option(std::string_view name) {
  if (name == "fp32") return DType::f32;
  if (name == "fp16") return DType::f16;
  if (name == "bf16") return DType::bf16;
  return std::nullopt;
}

std::string_view option_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "fp32";
    case DType::f16:
      return "fp16";
    case DType::bf16:
      return "bf16";
    default:
      return safetensors_name(dtype);  // no option names it; messages about files still can
  }
}

}  // namespace zimage
