// The catalogue's group S, one test each, and what a right file reads as.
#include "io/safetensors.h"

#include "support/expect_error.h"
#include "support/safetensors_builder.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace zimage::io {
namespace {

using test::expect_error;
using test::header_entry;
using test::safetensors_of;
using test::TempDir;
using Shape = std::vector<std::int64_t>;

class Safetensors : public testing::Test {
 protected:
  SafetensorsFile open(std::string_view bytes) const { return SafetensorsFile(dir_.write("f.safetensors", bytes)); }
  void expect_refused(std::string_view bytes, const std::vector<std::string>& rule) const {
    std::vector<std::string> words{"f.safetensors"};
    words.insert(words.end(), rule.begin(), rule.end());
    expect_error(ErrorKind::model, words, [&] { open(bytes); });
  }
  // One float32 tensor "t" of 4 bytes, with this header.
  void expect_header_refused(const std::string& header, const std::vector<std::string>& rule) const {
    expect_refused(safetensors_of(header, std::string(4, '\0')), rule);
  }
  void expect_entry_refused(const std::string& entry, const std::vector<std::string>& rule) const {
    expect_header_refused(R"({"t":)" + entry + "}", rule);
  }
  static std::string length_prefix(std::uint64_t length) {
    std::string bytes;
    for (int i = 0; i < 8; ++i, length >>= 8) bytes += static_cast<char>(length & 0xFF);
    return bytes + "{}";
  }
  const std::string good_ = R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const TempDir dir_;
};

TEST_F(Safetensors, reads_names_types_shapes_and_bytes) {
  const std::string header = R"({"__metadata__":{"format":"pt"},)" + header_entry("b", "BF16", "[2,3]", "4", "16") +
                             "," + header_entry("a", "F32", "[]", "0", "4") + "," +
                             header_entry("z", "U8", "[0]", "16", "16") + "}";
  const SafetensorsFile file = open(safetensors_of(header, "abcdefghijklmnop"));
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.tensors()[0].name, "a");  // in the order of the bytes
  const TensorInfo* b = file.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dtype, DType::bf16);
  EXPECT_EQ(b->shape, (Shape{2, 3}));
  EXPECT_EQ(b->bytes, 12U);
  std::string bytes(12, '\0');
  file.file().read_at(b->offset, std::as_writable_bytes(std::span(bytes)));
  EXPECT_EQ(bytes, "efghijklmnop");
  EXPECT_EQ(file.find("a")->shape, Shape{});
  EXPECT_EQ(file.find("z")->bytes, 0U);
  EXPECT_EQ(file.find("c"), nullptr);
}

TEST_F(Safetensors, no_tensors_at_all) { EXPECT_TRUE(open(safetensors_of("{}")).tensors().empty()); }

TEST_F(Safetensors, what_we_write_reads_back) {
  const std::vector<float> values{1.5F, -2.0F, 0.0F, 3.0F, 4.0F, 5.0F};
  const SafetensorsFile file = open(safetensors_bytes("latents", Shape{1, 2, 3}, values));
  const TensorInfo* tensor = file.find("latents");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->shape, (Shape{1, 2, 3}));
  EXPECT_EQ(tensor->offset % 8, 0U);
  std::vector<float> read(values.size());
  file.file().read_at(tensor->offset, std::as_writable_bytes(std::span(read)));
  EXPECT_EQ(read, values);
}

TEST_F(Safetensors, S1_empty) { expect_refused("", {"0 bytes"}); }
TEST_F(Safetensors, S2_seven_bytes) { expect_refused("1234567", {"7 bytes"}); }
TEST_F(Safetensors, S3_header_of_no_bytes) {
  expect_refused(length_prefix(0), {"header length is 0"});
  expect_refused(length_prefix(0).substr(0, 8), {"header length is 0"});
}
TEST_F(Safetensors, S4_header_length_all_ones) {
  expect_refused(length_prefix(UINT64_MAX), {"header length 18446744073709551615"});
}
TEST_F(Safetensors, S5_header_length_that_wraps) {
  expect_refused(length_prefix(UINT64_MAX - 7), {"header length 18446744073709551608"});
}
TEST_F(Safetensors, S6_header_above_the_formats_bound) {
  expect_refused(length_prefix(100'000'001), {"header length 100000001 is more than 100000000"});
}
TEST_F(Safetensors, S7_header_beyond_the_file) {
  expect_refused(length_prefix(3), {"header length 3", "the file's 10 bytes"});
  EXPECT_NO_THROW(open(length_prefix(2)));
}
TEST_F(Safetensors, S8_not_utf8) {
  expect_header_refused("{\"\xFF\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", {"UTF-8"});
}
TEST_F(Safetensors, S9_root_is_a_list) {
  expect_header_refused("[]", {"not an object"});
  expect_header_refused("7", {"not an object"});
  expect_header_refused("\"t\"", {"not an object"});
}
TEST_F(Safetensors, S10_junk_after_the_json) {
  expect_header_refused(good_ + "x", {"follows the root"});
  expect_header_refused(good_ + good_, {"follows the root"});
  expect_header_refused(good_ + std::string(1, '\0'), {"follows the root"});
  EXPECT_NO_THROW(open(safetensors_of(good_ + "   ", "1234")));  // padding is part of the format
}
TEST_F(Safetensors, S11_byte_order_mark) { expect_header_refused("\xEF\xBB\xBF" + good_, {"byte order mark"}); }
TEST_F(Safetensors, S12_leading_space_is_accepted) {
  EXPECT_NE(open(safetensors_of(" " + good_, "1234")).find("t"), nullptr);
}
TEST_F(Safetensors, S13_nesting) {
  expect_header_refused(std::string(100000, '['), {"not an object"});
  expect_entry_refused(std::string(100000, '['), {"t"});
  expect_entry_refused(R"({"dtype":"F32","shape":)" + std::string(100000, '['), {"shape holds a list"});
  expect_header_refused(R"({"__metadata__":)" + std::string(100000, '{'), {"byte"});
}
TEST_F(Safetensors, S14_the_same_tensor_twice) {
  expect_refused(safetensors_of("{" + header_entry("t", "F32", "[1]", "0", "4") + "," +
                                    header_entry("t", "F32", "[1]", "4", "8") + "}",
                                "12345678"),
                 {"\"t\"", "twice"});
}
TEST_F(Safetensors, S15_the_same_field_twice) {
  expect_entry_refused(R"({"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]})", {"dtype", "twice"});
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]})", {"shape", "twice"});
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]})",
                       {"data_offsets", "twice"});
  expect_header_refused(R"({"__metadata__":{},"__metadata__":{}})", {"__metadata__", "twice"});
}
TEST_F(Safetensors, S16_a_field_is_missing) {
  expect_entry_refused(R"({"shape":[1],"data_offsets":[0,4]})", {"\"t\"", "dtype", "missing"});
  expect_entry_refused(R"({"dtype":"F32","data_offsets":[0,4]})", {"shape", "missing"});
  expect_entry_refused(R"({"dtype":"F32","shape":[1]})", {"data_offsets"});
  expect_entry_refused("{}", {"missing"});
  expect_entry_refused("null", {"null"});
}
TEST_F(Safetensors, S17_dtype_unknown) {
  expect_entry_refused(R"({"dtype":"F33","shape":[1],"data_offsets":[0,4]})", {"\"t\"", "dtype \"F33\""});
  expect_entry_refused(R"({"dtype":"f32","shape":[1],"data_offsets":[0,4]})", {"dtype \"f32\""});
  expect_entry_refused(R"({"dtype":5,"shape":[1],"data_offsets":[0,4]})", {"dtype is an integer"});
  expect_entry_refused(R"({"dtype":["F32"],"shape":[1],"data_offsets":[0,4]})", {"dtype is a list"});
}
TEST_F(Safetensors, S18_one_or_three_offsets) {
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[4]})", {"data_offsets", "two"});
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,4]})", {"data_offsets", "two"});
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[]})", {"data_offsets", "two"});
}
TEST_F(Safetensors, S19_offsets_that_are_no_positions) {
  for (const char* offset :
       {"\"0\"", "0.0", "-1", "-0", "18446744073709551616", "9223372036854775808", "true", "null", "[]", "{}"}) {
    SCOPED_TRACE(offset);
    expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[)" + std::string(offset) + ",4]}", {"t"});
  }
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":4})", {"data_offsets is an integer"});
}
TEST_F(Safetensors, S20_end_before_begin) {
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", {"end before they begin"});
}
TEST_F(Safetensors, S21_overlap) {
  expect_refused(safetensors_of("{" + header_entry("a", "F32", "[1]", "0", "4") + "," +
                                    header_entry("b", "F32", "[1]", "2", "6") + "}",
                                "123456"),
                 {"\"b\"", "overlap"});
}
TEST_F(Safetensors, S22_many_names_on_one_range) {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i) {
    header += (i > 0 ? "," : "") + header_entry("t" + std::to_string(i), "F32", "[1]", "0", "4");
  }
  expect_header_refused(header + "}", {"overlap"});
}
TEST_F(Safetensors, S23_hole) {
  expect_refused(safetensors_of("{" + header_entry("a", "U8", "[4]", "0", "4") + "," +
                                    header_entry("b", "U8", "[4]", "5", "9") + "}",
                                "123456789"),
                 {"\"b\"", "hole"});
}
TEST_F(Safetensors, S24_data_starts_late) {
  expect_refused(safetensors_of("{" + header_entry("a", "U8", "[4]", "1", "5") + "}", "12345"), {"\"a\"", "hole"});
}
TEST_F(Safetensors, S25_bytes_after_the_last_tensor) {
  expect_refused(safetensors_of(good_, "1234PK\x05\x06"), {"4 bytes after the last tensor"});
  expect_refused(safetensors_of("{}", "x"), {"1 bytes after the last tensor"});
}
TEST_F(Safetensors, S26_truncated) {
  expect_refused(safetensors_of(good_, "123"), {"\"t\"", "truncated"});
  expect_refused(safetensors_of(good_).substr(0, 30), {"truncated"});
}
TEST_F(Safetensors, S27_size_differs_from_shape) {
  expect_entry_refused(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", {"need 8 bytes", "give 4"});
  expect_entry_refused(R"({"dtype":"F16","shape":[1],"data_offsets":[0,4]})", {"need 2 bytes", "give 4"});
}
TEST_F(Safetensors, S28_product_wraps_to_zero) {
  expect_entry_refused(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", {"larger than any"});
}
TEST_F(Safetensors, S29_product_wraps_to_four) {
  // 2^62 + 1 elements of 4 bytes are 2^64 + 4 bytes.
  expect_entry_refused(R"({"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]})", {"larger than any"});
}
TEST_F(Safetensors, S30_no_elements_but_huge_dimensions) {
  expect_entry_refused(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})",
                       {"larger than any"});
  expect_entry_refused(R"({"dtype":"F32","shape":[4611686018427387904,0],"data_offsets":[0,0]})", {"larger than any"});
}
TEST_F(Safetensors, S31_negative_dimensions) {
  expect_entry_refused(R"({"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]})", {"negative"});
}
TEST_F(Safetensors, S32_a_thousand_dimensions) {
  std::string ones = "1";
  for (int i = 1; i < 1000; ++i) ones += ",1";
  expect_entry_refused(R"({"dtype":"F32","shape":[)" + ones + R"(],"data_offsets":[0,4]})", {"more than 8 dimensions"});
}
TEST_F(Safetensors, S33_half_byte_types) {
  expect_entry_refused(R"({"dtype":"F4","shape":[7],"data_offsets":[0,4]})", {"dtype \"F4\""});
}
TEST_F(Safetensors, S34_metadata_other_than_strings) {
  for (const char* value : {"1", "null", "[\"a\"]", "{\"a\":\"b\"}", "true", "0.5"}) {
    SCOPED_TRACE(value);
    expect_header_refused(R"({"__metadata__":{"k":)" + std::string(value) + "}}", {"__metadata__", "strings"});
  }
  expect_header_refused(R"({"__metadata__":"text"})", {"__metadata__"});
}
TEST_F(Safetensors, S35_misaligned_is_accepted) {
  const SafetensorsFile file = open(safetensors_of(
      "{" + header_entry("a", "U8", "[1]", "0", "1") + "," + header_entry("b", "F32", "[1]", "1", "5") + "}", "12345"));
  EXPECT_EQ(file.find("b")->bytes, 4U);
}
TEST_F(Safetensors, S36_nan_weights_load) {
  const SafetensorsFile file = open(safetensors_bytes("t", Shape{1}, std::vector<float>{std::nanf("")}));
  float value = 0;
  file.file().read_at(file.find("t")->offset, std::as_writable_bytes(std::span(&value, 1)));
  EXPECT_TRUE(std::isnan(value));
}
TEST_F(Safetensors, S37_names_that_attack_a_terminal) {
  const std::string entry = R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  expect_header_refused(R"({"a\u0000b)" + entry, {"a\\x00b", "control character"});
  expect_header_refused(R"({"\u001b[2J)" + entry, {"\\x1b[2J", "control character"});
  expect_header_refused(R"({")" + std::string(1'000'000, 'n') + entry, {"1000000 bytes"});
  expect_header_refused(R"({")" + entry, {"0 bytes"});
}
TEST_F(Safetensors, fields_of_no_meaning) {
  expect_entry_refused(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]})", {"\"stride\""});
}

}  // namespace
}  // namespace zimage::io
