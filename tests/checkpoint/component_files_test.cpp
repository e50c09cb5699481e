// The catalogue's group X: index files, shard names and what they lead to.
#include "checkpoint/checkpoint.h"
#include "support/expect_error.h"
#include "support/safetensors_builder.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::SafetensorsBuilder;

class ComponentFilesTest : public testing::Test {
 protected:
  ComponentFilesTest() {
    dir_.write("c/1.safetensors", SafetensorsBuilder().add("a", {2}).add("b", {3}, DType::bf16).bytes());
    dir_.write("c/2.safetensors", SafetensorsBuilder().add("c", {4}).bytes());
    write_index(R"("a":"1.safetensors","b":"1.safetensors","c":"2.safetensors")", "30");
  }
  void write_index(const std::string& weight_map, const std::string& total_size = "30") {
    dir_.write("c/m.safetensors.index.json",
               R"({"metadata":{"total_size":)" + total_size + R"(},"weight_map":{)" + weight_map + "}}");
  }
  ComponentFiles open() const { return ComponentFiles(dir_ / "c", "m"); }
  void expect_refused(const std::vector<std::string>& words) const {
    expect_error(ErrorKind::model, words, [&] { open(); });
  }
  void expect_shard_name_refused(const std::string& json_name) {
    write_index(R"("a":")" + json_name + "\"");
    expect_refused({"index.json", "\"a\"", "not a plain file name"});
  }
  const test::TempDir dir_;
};

TEST_F(ComponentFilesTest, shards_behind_one_set_of_names) {
  const ComponentFiles files = open();
  EXPECT_TRUE(files.warnings().empty());
  ASSERT_EQ(files.tensors().size(), 3U);
  EXPECT_EQ(files.find("c")->file->path().filename(), "2.safetensors");
  EXPECT_EQ(files.find("b")->info->dtype, DType::bf16);
  EXPECT_EQ(files.find("d"), nullptr);
  EXPECT_EQ(files.parameters(), 9U);
  EXPECT_EQ(files.bytes(), 30U);
  EXPECT_EQ(files.stored().files, 2U);
  EXPECT_EQ(files.stored().parameters.at(DType::f32), 6U);
}

TEST_F(ComponentFilesTest, one_file_without_an_index) {
  fs::remove(dir_ / "c/m.safetensors.index.json");
  expect_refused({"m.safetensors", "missing"});
  dir_.write("c/m.safetensors", SafetensorsBuilder().add("model.x", {1}).bytes());
  const ComponentFiles files = open();
  ASSERT_NE(files.find("x"), nullptr);  // "model." is taken off
  EXPECT_EQ(files.find("x")->info->name, "model.x");
  EXPECT_EQ(files.find("model.x"), nullptr);
}

TEST_F(ComponentFilesTest, survives_being_moved) {
  ComponentFiles files = open();
  const ComponentFiles moved = std::move(files);
  EXPECT_EQ(moved.find("a")->name, "a");
}

TEST_F(ComponentFilesTest, X1_parent_folder) { expect_shard_name_refused("../1.safetensors"); }
TEST_F(ComponentFilesTest, X2_absolute_path) {
  expect_shard_name_refused("/etc/passwd");
  expect_shard_name_refused((dir_ / "c/1.safetensors").string());
}
TEST_F(ComponentFilesTest, X3_path_that_climbs_out) { expect_shard_name_refused("a/../../b.safetensors"); }
TEST_F(ComponentFilesTest, X4_names_of_no_file) {
  for (const char* name : {"..", ".", ""}) expect_shard_name_refused(name);
}
TEST_F(ComponentFilesTest, X5_backslash) {
  expect_shard_name_refused("..\\\\1.safetensors");
  expect_shard_name_refused("a\\u0000.safetensors");
  expect_shard_name_refused("\\u001b[2J");
}

TEST_F(ComponentFilesTest, X6_symlink_that_escapes) {
  dir_.write("elsewhere.safetensors", test::content_of(dir_ / "c/2.safetensors"));
  fs::remove(dir_ / "c/2.safetensors");
  for (const fs::path& target : {fs::path("../elsewhere.safetensors"), dir_ / "elsewhere.safetensors"}) {
    fs::create_symlink(target, dir_ / "c/2.safetensors");
    expect_refused({"2.safetensors", "symlink that leaves the model folder"});
    fs::remove(dir_ / "c/2.safetensors");
  }
  fs::create_symlink("nowhere", dir_ / "c/2.safetensors");
  expect_refused({"2.safetensors", "leads nowhere"});
  fs::remove(dir_ / "c/2.safetensors");
  fs::create_symlink("2.safetensors", dir_ / "c/2.safetensors");  // a loop
  expect_refused({"2.safetensors", "leads nowhere"});
}

TEST_F(ComponentFilesTest, X6_the_index_itself_is_a_symlink) {
  fs::rename(dir_ / "c/m.safetensors.index.json", dir_ / "index.json");
  fs::create_symlink("../index.json", dir_ / "c/m.safetensors.index.json");
  expect_refused({"index.json", "symlink"});
}

TEST_F(ComponentFilesTest, X9_what_is_no_regular_file) {
  const fs::path shard = dir_ / "c/2.safetensors";
  fs::remove(shard);
  ASSERT_EQ(::mkfifo(shard.c_str(), 0600), 0);
  expect_refused({"2.safetensors", "not a regular file"});
  fs::remove(shard);
  fs::create_directory(shard);
  expect_refused({"2.safetensors", "not a regular file"});
  fs::remove(shard);
  fs::create_symlink("/dev/zero", shard);
  expect_refused({"2.safetensors", "symlink"});
}

TEST_F(ComponentFilesTest, X10_missing_shard) {
  fs::remove(dir_ / "c/2.safetensors");
  expect_refused({"2.safetensors", "is missing"});
}

TEST_F(ComponentFilesTest, X11_tensor_absent_from_its_shard) {
  write_index(R"("a":"1.safetensors","b":"2.safetensors","c":"2.safetensors")");
  expect_refused({"2.safetensors", "\"b\"", "missing"});
}

TEST_F(ComponentFilesTest, X12_tensor_in_two_shards) {
  dir_.write("c/2.safetensors", SafetensorsBuilder().add("a", {2}).add("c", {4}).bytes());
  expect_refused({"\"a\"", "twice"});
  dir_.write("c/2.safetensors", SafetensorsBuilder().add("model.a", {2}).add("c", {4}).bytes());
  expect_refused({"a\"", "twice"});
}

TEST_F(ComponentFilesTest, X13_unlisted_tensor_is_a_warning) {
  write_index(R"("a":"1.safetensors","c":"2.safetensors")");
  const ComponentFiles files = open();
  ASSERT_EQ(files.warnings().size(), 1U);
  EXPECT_NE(files.warnings()[0].find("1 tensors of the files are not in weight_map"), std::string::npos);
  EXPECT_NE(files.find("b"), nullptr);
}

TEST_F(ComponentFilesTest, X15_values_that_are_no_names) {
  for (const char* value : {"1", "null", "true", "[\"1.safetensors\"]", "{}"}) {
    write_index("\"a\":" + std::string(value));
    expect_refused({"index.json", "\"a\"", "must be a string"});
  }
  dir_.write("c/m.safetensors.index.json", R"({"weight_map":[]})");
  expect_refused({"index.json", "weight_map must be an object"});
  dir_.write("c/m.safetensors.index.json", "[]");
  expect_refused({"index.json", "weight_map must be an object"});
}

TEST_F(ComponentFilesTest, X16_wrong_total_size_is_a_warning) {
  const std::string map = R"("a":"1.safetensors","b":"1.safetensors","c":"2.safetensors")";
  write_index(map, "31");
  ASSERT_EQ(open().warnings().size(), 1U);
  EXPECT_NE(open().warnings()[0].find("total_size is not the 30 bytes"), std::string::npos);
  write_index(map, "30.0");
  EXPECT_TRUE(open().warnings().empty());
}

TEST_F(ComponentFilesTest, X17_a_million_shards) {
  std::string map;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string name = std::to_string(i);
    map += (i > 0 ? ",\"" : "\"") + name + "\":\"" + name + '"';
  }
  write_index(map);
  expect_refused({"index.json", "bytes, more than"});
  map.resize(map.find(",\"100000\""));
  write_index(map);
  expect_refused({"index.json", "more than 256 files"});
}

TEST_F(ComponentFilesTest, C10_the_same_tensor_listed_twice) {
  write_index(R"("a":"1.safetensors","a":"2.safetensors")");
  expect_refused({"index.json", "duplicate key \"a\""});
}

}  // namespace
}  // namespace zimage
