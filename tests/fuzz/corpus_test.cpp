// Every seed of the fuzzers, and every input that once broke a promise, as a test: corpus/TARGET/NAME.
#include "fuzz/targets.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

namespace zimage::fuzz {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::function<void(std::string_view)>>& targets() {
  static const std::map<std::string, std::function<void(std::string_view)>> all{
      {"json", json},
      {"safetensors_header", safetensors_header},
      {"safetensors_file", safetensors_file},
      {"shard_index", shard_index},
      {"model_config", model_config},
      {"tokenizer_json", tokenizer_json},
      {"tokenizer_folder", tokenizer_folder},
      {"prompt", prompt},
      {"yaml", yaml},
      {"config_yaml", config_yaml},
      {"cards_yaml", cards_yaml},
      {"option_value", option_value},
      {"png_metadata", png_metadata},
      {"jpeg_comment", jpeg_comment},
      {"parameters", parameters},
      {"prompts_text", prompts_text},
      {"prompts_jsonl", prompts_jsonl},
      {"prompts_csv", prompts_csv},
      {"prompts_yaml", prompts_yaml},
      {"journal", journal},
      {"name_template", name_template}};
  return all;
}

std::vector<fs::path> seeds() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(ZIMAGE_FUZZ_CORPUS)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Corpus : public testing::TestWithParam<fs::path> {};

TEST_P(Corpus, keeps_every_promise) {
  const std::string target = GetParam().parent_path().filename().string();
  EXPECT_NO_THROW(targets().at(target)(test::content_of(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Corpus, testing::ValuesIn(seeds()), [](const auto& info) {
  std::string name = info.param.parent_path().filename().string() + "_" + info.param.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(CorpusFolders, each_target_has_seeds_and_each_folder_a_target) {
  std::map<std::string, int> seeds_of;
  for (const fs::path& seed : seeds()) ++seeds_of[seed.parent_path().filename().string()];
  for (const auto& [name, target] : targets()) EXPECT_GE(seeds_of[name], 3) << name;
  EXPECT_EQ(seeds_of.size(), targets().size());
}

}  // namespace
}  // namespace zimage::fuzz
