// Groups S, X, C and T of the catalogue through the executable: model folders from strangers. The rules themselves are
// tested one by one in tests/io, tests/checkpoint and tests/text.
#include "app/expect_cheap.h"
#include "app/expect_outcome.h"
#include "support/checkpoint_builder.h"
#include "support/safetensors_builder.h"
#include "support/temp_dir.h"
#include "text/tokenizer_folder.h"

#include <sys/stat.h>

#include <functional>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::header_entry;
using test::safetensors_of;
using test::TempDir;

const std::string kFolder = "model/transformer/";
const std::string kFile = kFolder + "diffusion_pytorch_model.safetensors";
const std::string kIndex = kFile + ".index.json";

// Asked for a picture with this model, the executable refuses as it must, at once, and leaves nothing.
void expect_model_refused(const TempDir& dir, const std::vector<std::string>& words, std::uint64_t header_bytes = 0) {
  const auto before = test::files_in(dir.path());
  const test::Outcome outcome = test::run_zimage({{"generate", "--model", "model", "--device", "cpu", "--quiet",
                                                   "--prompt", "x", "--width", "32", "--height", "32", "--seed", "1"},
                                                  dir.path()});
  test::expect_refused(outcome, 3, words);
  test::expect_cheap(outcome, header_bytes);
  EXPECT_EQ(test::files_in(dir.path()), before);
}

struct BadModel {
  std::string name;
  std::function<void(const TempDir&)> spoil;  // a checkpoint in DIR/model
  std::vector<std::string> words;             // of the message: file, field, rule
};
using BadModels = std::vector<BadModel>;

std::string name_of(const testing::TestParamInfo<BadModel>& info) { return info.param.name; }

// --- Safetensors ----------------------------------------------------------------------------------------------------

std::function<void(const TempDir&)> holds(const std::string& bytes) {
  return [bytes](const TempDir& dir) { dir.write(kFile, bytes); };
}

// A file of one tensor "t".
std::function<void(const TempDir&)> has_entry(const std::string& dtype, const std::string& shape,
                                              const std::string& begin, const std::string& end,
                                              std::size_t data_bytes = 4) {
  return holds(safetensors_of("{" + header_entry("t", dtype, shape, begin, end) + "}", std::string(data_bytes, 'x')));
}

std::function<void(const TempDir&)> has_header(const std::string& header) { return holds(safetensors_of(header)); }

std::string with_length(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i, length >>= 8) bytes += static_cast<char>(length & 0xFF);
  return bytes + "{}";
}

std::string many_names_on_one_range() {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i) {
    header += (i > 0 ? "," : "") + header_entry("t" + std::to_string(i), "F32", "[1]", "0", "4");
  }
  return safetensors_of(header + "}", "1234");
}

std::string pair_of(const std::string& a_range, const std::string& b_range, const std::string& data) {
  const auto entry = [](const char* name, const std::string& range) {
    return "\"" + std::string(name) + R"(":{"dtype":"U8","shape":[4],"data_offsets":[)" + range + "]}";
  };
  return safetensors_of("{" + entry("a", a_range) + "," + entry("b", b_range) + "}", data);
}

std::string repeated(const std::string& unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

const std::string kGood = "{" + header_entry("t", "F32", "[1]", "0", "4") + "}";
const std::string kShape = R"("shape":[1])", kOffsets = R"("data_offsets":[0,4])", kType = R"("dtype":"F32")";

class BadSafetensors : public testing::TestWithParam<BadModel> {};

TEST_P(BadSafetensors, is_refused_at_once) {
  const TempDir dir;
  test::write_checkpoint(dir);
  GetParam().spoil(dir);
  std::vector<std::string> words = GetParam().words;
  words.push_back(kFile);
  expect_model_refused(dir, words, fs::file_size(dir / kFile));
}

BadModels bad_lengths() {
  return {{"S1_empty", holds(""), {"0 bytes"}},
          {"S2_seven_bytes", holds("1234567"), {"7 bytes"}},
          {"S3_header_of_no_bytes", holds(safetensors_of("", "1234")), {"header length is 0"}},
          {"S4_length_all_ones", holds(std::string(8, '\xFF') + "{}"), {"header length 18446744073709551615"}},
          {"S5_length_that_wraps", holds(with_length(18446744073709551608U)), {"header length 18446744073709551608"}},
          {"S6_length_above_the_bound", holds(with_length(100'000'001)), {"100000001 is more than 100000000"}},
          {"S7_length_beyond_the_file", holds(with_length(3)), {"beyond the file"}},
          {"S25_zip_behind", holds(safetensors_of(kGood, "1234PK\x05\x06")), {"after the last tensor"}},
          {"S26_truncated_data", holds(safetensors_of(kGood, "123")), {"\"t\"", "truncated"}},
          {"S26_truncated_header", holds(safetensors_of(kGood).substr(0, 30)), {"truncated"}}};
}

BadModels bad_headers() {
  return {{"S8_not_utf8", has_header("{\"\xFF\":{}}"), {"UTF-8"}},
          {"S9_root_is_a_list", has_header("[]"), {"header", "list"}},
          {"S10_junk_behind", has_header(kGood + " x"), {"byte"}},
          {"S11_byte_order_mark", has_header("\xEF\xBB\xBF" + kGood), {"byte order mark"}},
          {"S13_nesting", has_header(repeated("[", 100'000)), {}},
          {"S13_nesting_in_an_entry", has_header("{\"t\":" + repeated("{\"a\":", 100'000)), {}},
          {"S14_a_tensor_twice",
           has_header("{" + header_entry("t", "U8", "[0]", "0", "0") + "," + header_entry("t", "U8", "[0]", "0", "0") +
                      "}"),
           {"\"t\"", "twice"}},
          {"S15_a_field_twice", has_header("{\"t\":{" + kType + "," + kType + "}}"), {"\"dtype\"", "twice"}},
          {"S16_no_dtype", has_header("{\"t\":{" + kShape + R"(,"data_offsets":[0,0]}})"), {"\"dtype\"", "missing"}},
          {"S16_no_shape", has_header("{\"t\":{" + kType + R"(,"data_offsets":[0,0]}})"), {"\"shape\"", "missing"}},
          {"S16_no_offsets", has_header("{\"t\":{" + kType + "," + kShape + "}}"), {"\"data_offsets\""}},
          {"S34_metadata_of_numbers", has_header(R"({"__metadata__":{"k":1}})"), {"__metadata__", "strings"}},
          {"S34_metadata_is_a_list", has_header(R"({"__metadata__":[]})"), {"__metadata__"}},
          {"S37_nul_in_a_name", has_header(R"({"a\u0000b":{}})"), {"a\\x00b", "control character"}},
          {"S37_escape_in_a_name", has_header(R"({"\u001b[2J":{}})"), {"\\x1b[2J", "control character"}},
          {"S37_name_of_1_mb", has_header("{\"" + std::string(1'000'000, 'n') + "\":{}}"), {"1000000 bytes"}},
          {"S38_two_million_tensors_beyond_the_bound", holds(with_length(200'000'000)), {"200000000 is more than"}}};
}

BadModels bad_entries() {
  return {
      {"S17_dtype", has_entry("F33", "[1]", "0", "4"), {"\"t\"", "dtype \"F33\""}},
      {"S18_one_offset", has_header("{\"t\":{" + kType + "," + kShape + R"(,"data_offsets":[4]}})"), {"two"}},
      {"S18_three_offsets", has_header("{\"t\":{" + kType + "," + kShape + R"(,"data_offsets":[0,4,4]}})"), {"two"}},
      {"S19_offset_is_a_string", has_entry("F32", "[1]", "\"0\"", "4"), {"\"t\"", "data_offsets", "string"}},
      {"S19_offset_is_a_float", has_entry("F32", "[1]", "0.0", "4"), {"\"t\"", "data_offsets", "fraction"}},
      {"S19_offset_is_negative", has_entry("F32", "[1]", "-1", "3"), {"\"t\"", "data_offsets", "negative"}},
      {"S19_offset_of_2_to_64", has_entry("F32", "[1]", "0", "18446744073709551616"), {"\"t\"", "data_offsets"}},
      {"S20_end_before_begin", has_entry("F32", "[1]", "4", "0"), {"\"t\"", "end before they begin"}},
      {"S21_overlap", holds(pair_of("0,4", "2,6", "123456")), {"\"b\"", "overlap"}},
      {"S22_names_on_one_range", holds(many_names_on_one_range()), {"overlap"}},
      {"S23_hole", holds(pair_of("0,4", "5,9", "123456789")), {"\"b\"", "hole"}},
      {"S24_starts_late", has_entry("F32", "[1]", "1", "5", 5), {"\"t\"", "hole"}},
      {"S27_size_and_shape", has_entry("F32", "[2]", "0", "4"), {"\"t\"", "need 8 bytes", "give 4"}},
      {"S28_product_wraps_to_0", has_entry("F32", "[4294967296,4294967296]", "0", "0", 0), {"larger than any"}},
      {"S29_product_wraps_to_4", has_entry("F32", "[4611686018427387905]", "0", "4"), {"larger than any"}},
      {"S30_no_elements_but_huge", has_entry("F32", "[0,4294967296,4294967296]", "0", "0", 0), {"larger than any"}},
      {"S31_negative_dimensions", has_entry("F32", "[-1,-1]", "0", "4"), {"\"t\"", "shape", "negative"}},
      {"S32_rank_1000", has_entry("F32", "[1" + repeated(",1", 999) + "]", "0", "4"), {"8 dimensions"}},
      {"S33_half_bytes", has_entry("F4", "[7]", "0", "4"), {"dtype \"F4\""}}};
}

INSTANTIATE_TEST_SUITE_P(Lengths, BadSafetensors, testing::ValuesIn(bad_lengths()), name_of);
INSTANTIATE_TEST_SUITE_P(Headers, BadSafetensors, testing::ValuesIn(bad_headers()), name_of);
INSTANTIATE_TEST_SUITE_P(Entries, BadSafetensors, testing::ValuesIn(bad_entries()), name_of);

// --- Index ----------------------------------------------------------------------------------------------------------

// The transformer's weights in two shards, as the index says that `spoil` may change.
struct Shards {
  explicit Shards(const TempDir& dir) {
    fs::remove(dir / kFile);
    test::SafetensorsBuilder one, two;
    for (const auto& [name, shape] : transformer_tensors(test::small_transformer()).shapes) {
      const bool first = locations.size() % 2 == 0;
      (first ? one : two).add(name, shape);
      locations.emplace_back(name, first ? "\"1.safetensors\"" : "\"2.safetensors\"");
    }
    dir.write(kFolder + "1.safetensors", one.bytes());
    dir.write(kFolder + "2.safetensors", two.bytes());
  }
  void write_index(const TempDir& dir, const std::string& total_size = "0") const {
    std::string map;
    for (const auto& [name, shard] : locations) map += (map.empty() ? "\"" : ",\"") + name + "\":" + shard;
    dir.write(kIndex, R"({"metadata":{"total_size":)" + total_size + R"(},"weight_map":{)" + map + "}}");
  }
  std::vector<std::pair<std::string, std::string>> locations;  // tensor, shard as JSON
};

std::function<void(const TempDir&)> leads_to(const std::string& shard) {
  return [shard](const TempDir& dir) {
    Shards shards(dir);
    shards.locations[0].second = shard;
    shards.write_index(dir);
  };
}

// The second shard replaced by what `make` puts there.
std::function<void(const TempDir&)> second_shard(const std::function<void(const fs::path&)>& make) {
  return [make](const TempDir& dir) {
    Shards(dir).write_index(dir);
    const fs::path shard = dir / (kFolder + "2.safetensors");
    fs::rename(shard, dir / "elsewhere");
    make(shard);
  };
}

void name_a_million_shards(const TempDir& dir) {
  Shards shards(dir);
  for (int i = 0; i < 1'000'000; ++i) shards.locations.emplace_back(std::to_string(i), "\"" + std::to_string(i) + "\"");
  shards.write_index(dir);
}

void put_component_behind_a_symlink(const TempDir& dir) {
  fs::rename(dir / "model/transformer", dir / "transformer");
  fs::create_directory_symlink("../transformer", dir / "model/transformer");
}

void repeat_a_tensor(const TempDir& dir) {
  Shards(dir).write_index(dir);
  fs::copy_file(dir / (kFolder + "1.safetensors"), dir / (kFolder + "2.safetensors"),
                fs::copy_options::overwrite_existing);
}

void store_as(const TempDir& dir, DType dtype, std::int64_t more_rows) {
  test::SafetensorsBuilder builder;
  for (auto [name, shape] : transformer_tensors(test::small_transformer()).shapes) {
    if (name == "x_pad_token") shape[0] += more_rows;
    builder.add(name, shape, name == "x_pad_token" ? dtype : DType::f32);
  }
  dir.write(kFile, builder.bytes());
}

class BadIndex : public testing::TestWithParam<BadModel> {};

TEST_P(BadIndex, is_refused_at_once) {
  const TempDir dir;
  test::write_checkpoint(dir);
  GetParam().spoil(dir);
  expect_model_refused(dir, GetParam().words);
}

BadModels bad_indexes() {
  return {
      {"X1_parent_folder", leads_to("\"../1.safetensors\""), {kIndex, "weight_map", "plain file name"}},
      {"X2_absolute_path", leads_to("\"/etc/passwd\""), {kIndex, "weight_map", "plain file name"}},
      {"X3_climbs_out", leads_to("\"a/../../b\""), {kIndex, "weight_map", "plain file name"}},
      {"X4_two_dots", leads_to("\"..\""), {kIndex, "weight_map", "plain file name"}},
      {"X4_one_dot", leads_to("\".\""), {kIndex, "weight_map", "plain file name"}},
      {"X4_empty", leads_to("\"\""), {kIndex, "weight_map", "plain file name"}},
      {"X5_backslash", leads_to(R"("..\\1.safetensors")"), {kIndex, "weight_map", "plain file name"}},
      {"X6_symlink_that_escapes",
       second_shard([](const fs::path& shard) { fs::create_symlink("../../elsewhere", shard); }),
       {"2.safetensors", "symlink that leaves the model folder"}},
      {"X7_symlinked_component", put_component_behind_a_symlink, {"model/transformer", "symlink"}},
      {"X9_fifo",
       second_shard([](const fs::path& shard) { ASSERT_EQ(::mkfifo(shard.c_str(), 0600), 0); }),
       {"2.safetensors", "not a regular file"}},
      {"X9_directory",
       second_shard([](const fs::path& shard) { fs::create_directory(shard); }),
       {"2.safetensors", "not a regular file"}},
      {"X9_device",
       second_shard([](const fs::path& shard) { fs::create_symlink("/dev/zero", shard); }),
       {"2.safetensors", "symlink"}},
      {"X10_missing_shard", second_shard([](const fs::path&) {}), {"2.safetensors", "is missing"}},
      {"X11_absent_from_its_shard", leads_to("\"2.safetensors\""), {"2.safetensors", "missing"}},
      {"X12_in_two_shards", repeat_a_tensor, {"twice"}},
      {"X14_wrong_shape", [](const TempDir& dir) { store_as(dir, DType::f32, 1); }, {kFile, "x_pad_token", "shape"}},
      {"X14_wrong_dtype", [](const TempDir& dir) { store_as(dir, DType::i32, 0); }, {kFile, "x_pad_token", "dtype"}},
      {"X15_number", leads_to("7"), {kIndex, "weight_map", "string"}},
      {"X15_null", leads_to("null"), {kIndex, "weight_map", "string"}},
      {"X15_list", leads_to("[\"1.safetensors\"]"), {kIndex, "weight_map", "string"}},
      {"X17_a_million_shards", name_a_million_shards, {kIndex}}};
}

INSTANTIATE_TEST_SUITE_P(Index, BadIndex, testing::ValuesIn(bad_indexes()), name_of);

// --- Configurations -------------------------------------------------------------------------------------------------

std::function<void(const TempDir&)> says(const std::string& file, const std::string& from, const std::string& to) {
  return [=](const TempDir& dir) { test::replace_in(dir / "model" / file, from, to); };
}

const std::string kText = "text_encoder/config.json", kTransformer = "transformer/config.json",
                  kVae = "vae/config.json", kScheduler = "scheduler/scheduler_config.json", kRoot = "model_index.json";

BadModels bad_configs() {
  const std::string dim = "\"dim\": 12";
  return {
      {"C1_dimension_of_1e9", says(kTransformer, dim, "\"dim\": 1000000000"), {kTransformer, "\"dim\"", "outside"}},
      {"C2_zero", says(kTransformer, "\"n_heads\": 2", "\"n_heads\": 0"), {kTransformer, "n_heads", "0 is outside"}},
      {"C2_negative", says(kText, "\"hidden_size\": 4", "\"hidden_size\": -4"), {kText, "hidden_size", "outside"}},
      {"C3_nan", says(kScheduler, "3.0", "NaN"), {kScheduler, "byte"}},
      {"C3_1e999", says(kText, "1000000.0", "1e999"), {kText, "not finite"}},
      {"C4_string", says(kTransformer, dim, "\"dim\": \"12\""), {kTransformer, "\"dim\"", "integer"}},
      {"C4_true", says(kTransformer, dim, "\"dim\": true"), {kTransformer, "\"dim\"", "integer"}},
      {"C4_null", says(kTransformer, dim, "\"dim\": null"), {kTransformer, "\"dim\"", "integer"}},
      {"C5_heads", says(kTransformer, dim, "\"dim\": 13"), {kTransformer, "\"dim\"", "no multiple of 2"}},
      {"C6_layers", says(kTransformer, "\"n_layers\": 1", "\"n_layers\": 1000000000"), {kTransformer, "n_layers"}},
      {"C7_class", says(kRoot, "ZImagePipeline", "FluxPipeline"), {kRoot, "_class_name", "FluxPipeline"}},
      {"C7_component", says(kRoot, "AutoencoderKL", "VQModel"), {kRoot, "vae", "VQModel"}},
      {"C9_component_path", says(kRoot, "\"vae\"", R"("../vae": [], "vae")"), {kRoot, "plain file name"}},
      {"C10_duplicate_key", says(kTransformer, dim, dim + ", " + dim), {kTransformer, "duplicate key \"dim\""}},
      {"C11_rope_axes", says(kTransformer, "[2, 2, 2]", "[2, 2, 4]"), {kTransformer, "axes_dims", "a head has 6"}},
      {"C12_vae_scale", says(kVae, "[2, 2, 4, 4]", "[2, 2, 4]"), {kVae, "block_out_channels", "need 4"}},
      {"C13_shift_infinite", says(kScheduler, "3.0", "1e999"), {kScheduler, "not finite"}},
      {"C13_shift_huge", says(kScheduler, "3.0", "1e300"), {kScheduler, "\"shift\"", "outside"}},
      {"C14_weights_disagree", says(kTransformer, "\"n_layers\": 1", "\"n_layers\": 2"), {"layers.1.", "missing"}}};
}

INSTANTIATE_TEST_SUITE_P(Configs, BadIndex, testing::ValuesIn(bad_configs()), name_of);

// --- Tokenizers -----------------------------------------------------------------------------------------------------

struct BadTokenizer {
  std::string name;
  std::function<void(test::TokenizerFolder&)> spoil;
  std::vector<std::string> words;
};

enum class Format { json, lists };

class BadTokenizers : public testing::TestWithParam<std::tuple<BadTokenizer, Format>> {};

TEST_P(BadTokenizers, is_refused_at_once) {
  const auto& [bad, format] = GetParam();
  const TempDir dir;
  fs::copy(ZIMAGE_TEST_DATA "/parity/square", dir / "model", fs::copy_options::recursive);
  fs::remove_all(dir / "model/tokenizer");
  test::TokenizerFolder folder;
  bad.spoil(folder);
  const TempDir written;
  format == Format::json ? folder.write_json(written) : folder.write_lists(written);
  fs::copy(written.path(), dir / "model/tokenizer");
  expect_model_refused(dir, bad.words);
}

std::vector<BadTokenizer> bad_tokenizers() {
  using Folder = test::TokenizerFolder;
  return {{"T1_more_merges_than_tokens", [](Folder& f) { f.merges.assign(300, "t h"); }, {"300 merges", "more than"}},
          {"T2_merge_token_missing", [](Folder& f) { f.merges[1] = "th x"; }, {"merge 1", "\"thx\""}},
          {"T3_one_part", [](Folder& f) { f.merges[1] = "the"; }, {"two tokens"}},
          {"T3_three_parts", [](Folder& f) { f.merges[1] = "t h e"; }, {"two tokens"}},
          {"T4_negative_id", [](Folder& f) { f.id_of("the") = "-1"; }, {"\"the\"", "id"}},
          {"T4_id_of_2_to_31", [](Folder& f) { f.id_of("the") = "2147483648"; }, {"\"the\"", "id"}},
          {"T4_duplicate_id", [](Folder& f) { f.id_of("the") = "256"; }, {"256", "\"the\""}},
          {"T6_missing_byte", [](Folder& f) { f.vocabulary[255].first = "other"; }, {"byte 255"}},
          {"T7_empty_added_token", [](Folder& f) { f.add_special("", 263); }, {"added token", "empty"}},
          {"T8_two_million_tokens",
           [](Folder& f) {
             for (int id = 263; id < 2'000'000; ++id) {
               f.vocabulary.emplace_back("t" + std::to_string(id), std::to_string(id));
             }
           },
           {"model/tokenizer/"}},
          {"T10_lone_surrogate", [](Folder& f) { f.id_of("the") = R"(257,"\ud800":263)"; }, {"surrogate"}},
          {"T10_invalid_utf8", [](Folder& f) { f.id_of("the") = "257,\"\xC0\xAF\":263"; }, {"UTF-8"}},
          {"T12_no_turn_end", [](Folder& f) { f.added.pop_back(); }, {"<|im_end|>"}}};
}

INSTANTIATE_TEST_SUITE_P(Both, BadTokenizers,
                         testing::Combine(testing::ValuesIn(bad_tokenizers()),
                                          testing::Values(Format::json, Format::lists)),
                         [](const auto& info) {
                           const bool json = std::get<1>(info.param) == Format::json;
                           return std::get<0>(info.param).name + (json ? "_in_tokenizer_json" : "_in_lists");
                         });

std::vector<BadTokenizer> bad_settings() {
  using Folder = test::TokenizerFolder;
  return {{"T5_id_beyond_the_embedding",
           [](Folder& f) {
             for (int id = 263; id < 400; ++id) f.add_special("<" + std::to_string(id) + ">", id);
           },
           {"399", "vocab_size"}},
          {"T9_nesting", [](Folder& f) { f.post_processor = std::string(100'000, '['); }, {"nested deeper"}},
          {"T11_pre_tokenizer", [](Folder& f) { f.pre_tokenizer = R"({"type":"Whitespace"})"; }, {"pre_tokenizer"}}};
}

INSTANTIATE_TEST_SUITE_P(Settings, BadTokenizers,
                         testing::Combine(testing::ValuesIn(bad_settings()), testing::Values(Format::json)),
                         [](const auto& info) { return std::get<0>(info.param).name; });

}  // namespace
}  // namespace zimage
