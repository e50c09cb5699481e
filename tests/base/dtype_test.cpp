#include "base/dtype.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

TEST(DType, every_type_is_found_by_its_own_name) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_safetensors(safetensors_name(dtype)), dtype) << safetensors_name(dtype);
  }
}

TEST(DType, sizes_follow_the_name) {
  EXPECT_EQ(dtype_bytes(DType::f64), 8U);
  EXPECT_EQ(dtype_bytes(DType::f32), 4U);
  EXPECT_EQ(dtype_bytes(DType::bf16), 2U);
  EXPECT_EQ(dtype_bytes(DType::f8_e4m3), 1U);
  EXPECT_EQ(dtype_bytes(DType::boolean), 1U);
}

TEST(DType, unknown_names_are_nothing) {
  for (const char* name : {"", "f32", "F4", "F33", "BF16 "}) EXPECT_FALSE(dtype_from_safetensors(name)) << name;
  for (const char* name : {"", "FP16", "float", "auto"}) EXPECT_FALSE(dtype_from_option(name)) << name;
}

TEST(DType, option_names_read_back) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    EXPECT_EQ(dtype_from_option(option_name(dtype)), dtype);
  }
}

}  // namespace
}  // namespace zimage
