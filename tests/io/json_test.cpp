#include "io/json.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage::io {
namespace {

using test::expect_error;

void expect_refused(std::string_view text, const std::string& rule) {
  SCOPED_TRACE(rule);
  expect_error(ErrorKind::model, {"f.json", rule}, [&] { parse_json(text, "f.json"); });
}

TEST(Json, values_of_every_type) {
  const Json json =
      parse_json(R"({"n":null,"b":true,"i":-3,"u":18446744073709551615,"d":0.5,"s":"\u7ea2","a":[1,[]]})", "f.json");
  EXPECT_EQ(json.type_name(), "object");
  EXPECT_NE(json.find("n")->as<std::nullptr_t>(), nullptr);
  EXPECT_TRUE(*json.find("b")->as<bool>());
  EXPECT_EQ(*json.find("i")->as<std::int64_t>(), -3);
  EXPECT_EQ(*json.find("u")->as<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(*json.find("d")->as<double>(), 0.5);
  EXPECT_EQ(*json.find("s")->as<std::string>(), "\xE7\xBA\xA2");
  EXPECT_EQ(json.find("a")->as<Json::Array>()->size(), 2U);
  EXPECT_EQ(json.find("x"), nullptr);
  EXPECT_EQ(json.find("a")->find("x"), nullptr);
}

TEST(Json, members_stay_in_file_order) {
  const Json json = parse_json(R"({"z":1,"a":2,"m":3})", "f.json");
  EXPECT_EQ(to_string(json), R"({"z":1,"a":2,"m":3})");
}

TEST(Json, round_trip_keeps_types_and_values) {
  const std::string text = R"([0.1,1.0,1e+300,-7,18446744073709551615,"a\"\n",{"k":[null,false]},{},[]])";
  const Json json = parse_json(to_string(parse_json(text, "f.json")), "f.json");
  EXPECT_EQ(to_string(json), text);
  EXPECT_NE(json.as<Json::Array>()->at(1).as<double>(), nullptr);
}

TEST(Json, C10_duplicate_keys) {
  expect_refused(R"({"a":1,"b":2,"a":1})", "duplicate key \"a\"");
  expect_refused(R"([{"x":{"a":1,"\u0061":2}}])", "duplicate key \"a\"");
  EXPECT_NO_THROW(parse_json(R"([{"a":1},{"a":{"a":1}}])", "f.json"));
}

TEST(Json, S8_bytes_that_are_no_utf8) {
  expect_refused("\"\xFF\"", "UTF-8");
  expect_refused("\"\xC0\xAF\"", "UTF-8");
  expect_refused(R"("\ud800")", "surrogate");
}

TEST(Json, S10_nothing_after_the_root) {
  expect_refused("{} x", "byte");
  expect_refused("{}{}", "byte");
  expect_refused(std::string_view("{}\0", 3), "follows the root");
  EXPECT_NO_THROW(parse_json(" {} \n", "f.json"));
}

TEST(Json, S11_byte_order_mark) { expect_refused("\xEF\xBB\xBF{}", "byte order mark"); }

TEST(Json, S13_nesting) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  expect_refused(deep, "nested deeper than 64");
  expect_refused(std::string(100000, '['), "nested deeper than 64");
  EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']'), "f.json"));
  expect_refused(std::string(65, '[') + std::string(65, ']'), "nested deeper than 64");
}

TEST(Json, C3_numbers_are_finite) {
  expect_refused("1e999", "not finite");
  expect_refused("-1e999", "not finite");
  expect_refused("NaN", "not valid JSON");
  expect_refused("[Infinity]", "not valid JSON");
}

TEST(Json, what_is_no_json) {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\"}", "{'a':1}", "01", "tru", "\"\t\"", "// x\n1"}) {
    expect_refused(text, "not valid JSON");
  }
}

TEST(Json, strings_with_escapes) {
  const Json json = parse_json(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u7EA2\ud83d\ude00\u0000|")", "f.json");
  EXPECT_EQ(*json.as<std::string>(), std::string("\"\\/\b\f\n\r\tA\xC3\xA9\xE7\xBA\xA2\xF0\x9F\x98\x80\0|", 20));
  for (const char* text : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u+123")", "\"\\", "\"a", R"("\ude00")",
                           R"("\ud83d\u0041")", R"("\ud83dx")"}) {
    expect_refused(text, "not valid JSON");
  }
}

TEST(Json, numbers_as_the_grammar_has_them) {
  const Json json =
      parse_json("[0,-0,-9223372036854775808,9223372036854775808,18446744073709551616,1.5e2,1E-2]", "f.json");
  EXPECT_EQ(to_string(json), "[0,-0.0,-9223372036854775808,9223372036854775808,18446744073709551616.0,150.0,0.01]");
  for (const char* text : {"+1", "-", "1.", ".5", "1e", "1e+", "0x1", "00", "-01", "1_0", "1 2"}) {
    expect_refused(text, "not valid JSON");
  }
}

TEST(Json, hostile_text_is_not_echoed) { expect_refused("\"\x1b[2J" + std::string(100000, 'x'), "control character"); }

}  // namespace
}  // namespace zimage::io
