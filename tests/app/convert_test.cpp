// zimage convert and zimage verify.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "io/png_pixels.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "support/checkpoint_builder.h"
#include "support/temp_dir.h"

#include <cstring>
#include <limits>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_refused;
using test::expect_success;
using test::Outcome;
using test::TempDir;

const fs::path kParity = ZIMAGE_TEST_DATA "/parity";

Outcome run(const TempDir& dir, const std::vector<std::string>& arguments) {
  return test::run_zimage({arguments, dir.path()});
}

Outcome convert(const TempDir& dir, const std::string& model, const std::string& dtype) {
  return run(dir, {"convert", "--model", model, "--out", "out", "--dtype", dtype});
}

std::vector<std::uint8_t> pixels(const TempDir& dir, const std::string& model, const std::string& dtype) {
  expect_success(run(dir, {"generate", "--model", model,      "--device", "cpu",     "--dtype", dtype,
                           "--width",  "32",      "--height", "48",       "--steps", "5",       "--prompt",
                           "a fox",    "--seed",  "3",        "--quiet",  "--force", "--out",   "x.png"}));
  return io::read_png(test::content_of(dir / "x.png"), "x.png").rgb;
}

TEST(Convert, the_folder_draws_what_the_original_draws_in_that_type) {
  for (const char* name : {"square", "odd"}) {
    for (const std::string dtype : {"fp16", "bf16"}) {
      SCOPED_TRACE(name + (" " + dtype));
      const TempDir dir;
      const std::string model = (kParity / name).string();
      const Outcome outcome = convert(dir, model, dtype);
      expect_success(outcome);
      EXPECT_EQ(outcome.out, "out\n");
      EXPECT_EQ(dir.entries(), 1U);
      EXPECT_EQ(outcome.err.find("warning"), std::string::npos) << outcome.err;
      EXPECT_EQ(pixels(dir, "out", dtype), pixels(dir, model, dtype));
      const Outcome verified = run(dir, {"verify", "--model", "out"});
      expect_success(verified);
      EXPECT_EQ(verified.err, "");
    }
  }
}

TEST(Convert, goes_on_where_it_was_stopped) {
  const TempDir dir;
  const std::string model = (kParity / "odd").string();
  expect_success(convert(dir, model, "bf16"));
  const std::string shard = "transformer/diffusion_pytorch_model-00001-of-00005.safetensors";
  const std::string expected = test::content_of(dir / "out" / shard);
  fs::rename(dir / "out", dir / "out.partial");
  fs::remove(dir / "out.partial" / shard);
  dir.write("out.partial/vae/diffusion_pytorch_model.safetensors", "torn");
  dir.write("out.partial/transformer/of_another_model.safetensors", "");
  dir.write("out.partial/transformer/.zimage-1.tmp", "left by a process that was killed");
  const Outcome again = convert(dir, model, "bf16");
  expect_success(again);
  EXPECT_NE(again.err.find("00002-of-00005.safetensors: is there already"), std::string::npos) << again.err;
  EXPECT_EQ(again.err.find("00001-of-00005.safetensors: is there already"), std::string::npos) << again.err;
  EXPECT_EQ(test::content_of(dir / "out" / shard), expected);
  EXPECT_FALSE(fs::exists(dir / "out.partial"));
  EXPECT_FALSE(fs::exists(dir / "out/transformer/.zimage-1.tmp"));
  EXPECT_FALSE(fs::exists(dir / "out/transformer/of_another_model.safetensors"));
  expect_success(run(dir, {"verify", "--model", "out"}));
}

TEST(Convert, refuses_what_it_cannot_do) {
  const TempDir dir;
  const std::string model = (kParity / "square").string();
  expect_refused(run(dir, {"convert", "--model", model, "--dtype", "fp16"}), 2, {"--out is required"});
  expect_refused(run(dir, {"convert", "--model", model, "--out", "out"}), 2, {"--dtype is required"});
  expect_refused(convert(dir, model, "fp32"), 2, {"--dtype", "fp16"});
  expect_refused(convert(dir, "nowhere", "fp16"), 3, {"nowhere", "no such folder"});
  dir.write("out/mine.txt", "mine");
  expect_refused(convert(dir, model, "fp16"), 4, {"--out", "out"});
  EXPECT_EQ(dir.entries(), 1U);
}

// The small checkpoint with a tokenizer, and one number of its transformer set to this.
fs::path model_with(const TempDir& dir, float value) {
  const fs::path model = test::write_checkpoint(dir);
  fs::copy(kParity / "square/tokenizer", model / "tokenizer");
  const fs::path path = model / "transformer/diffusion_pytorch_model.safetensors";
  const std::uint64_t offset = io::SafetensorsFile(path).find("layers.0.feed_forward.w2.weight")->offset;
  std::string content = test::content_of(path);
  std::memcpy(&content[offset + 3 * sizeof value], &value, sizeof value);
  std::ofstream(path, std::ios::binary) << content;
  return model;
}

TEST(Convert, a_value_beyond_float16_is_an_error) {
  const TempDir dir;
  model_with(dir, 70000);
  expect_refused(convert(dir, "model", "fp16"), 3, {"w2.weight", "element 3", "70000", "--dtype bf16"});
  EXPECT_FALSE(fs::exists(dir / "out"));
}

TEST(Verify, prints_the_checksum_of_every_file) {
  const TempDir dir;
  const fs::path model = kParity / "odd";
  const Outcome outcome = run(dir, {"verify", "--model", model.string()});
  expect_success(outcome);
  EXPECT_EQ(outcome.err, "");
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(model)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string line = io::hex(io::sha256(test::content_of(entry.path()))) + "  " + entry.path().string() + "\n";
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(test::lines_of(outcome.out), static_cast<long>(files));
}

TEST(Verify, finds_values_that_are_not_finite) {
  const TempDir dir;
  model_with(dir, std::numeric_limits<float>::quiet_NaN());
  const Outcome outcome = run(dir, {"verify", "--model", "model", "--json"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("w2.weight\": 1 values are not finite, the first at 3"), std::string::npos) << outcome.err;
  const io::Json json = io::parse_json(outcome.out, "verify");
  std::size_t found = 0;
  for (const io::Json& file : *json.find("files")->as<io::Json::Array>()) {
    for (const io::Json& tensor : *file.find("not_finite")->as<io::Json::Array>()) {
      ++found;
      EXPECT_EQ(*tensor.find("tensor")->as<std::string>(), "layers.0.feed_forward.w2.weight");
      EXPECT_EQ(*tensor.find("count")->as<std::int64_t>(), 1);
      EXPECT_EQ(*tensor.find("first_index")->as<std::int64_t>(), 3);
    }
  }
  EXPECT_EQ(found, 1U);
}

TEST(Verify, a_file_that_is_cut_short_is_damaged) {
  const TempDir dir;
  const fs::path vae = model_with(dir, 0) / "vae/diffusion_pytorch_model.safetensors";
  fs::resize_file(vae, fs::file_size(vae) - 1);
  expect_refused(run(dir, {"verify", "--model", "model"}), 3, {"vae", "truncated"});
}

}  // namespace
}  // namespace zimage
