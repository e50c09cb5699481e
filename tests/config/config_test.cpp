#include "config/config.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>

namespace zimage::config {
namespace {

using test::expect_error;

Config read(const std::string& text, Config config = {}) {
  config.read(parse_yaml(text, "f.yaml"));
  return config;
}

void expect_refused(const std::string& text, const std::string& words) {
  expect_error(ErrorKind::model, {words}, [&] { read(text); });
}

Options options_of(const std::string& key, const std::string& value) {
  Config config;
  config.give(setting(key), value);
  return config.options();
}

// A file with this value under this key, as a person would write it.
std::string file_with(const Setting& setting, const std::string& value) {
  const std::size_t dot = setting.key.find('.');
  const std::string quoted = setting.notation == Notation::text ? "\"" + value + "\"" : value;
  const std::string leaf(setting.key.substr(dot == std::string_view::npos ? 0 : dot + 1));
  const std::string section = dot == std::string_view::npos ? "" : std::string(setting.key.substr(0, dot)) + ":\n  ";
  return section + leaf + ": " + quoted + "\n";
}

// A value of each setting that is not its default.
const std::map<std::string_view, std::string>& other_values() {
  static const std::map<std::string_view, std::string> values{{"model", "some/folder"},
                                                              {"transformer", "t.safetensors"},
                                                              {"text_encoder", "q.safetensors"},
                                                              {"vae", "ae.safetensors"},
                                                              {"tokenizer", "some/tokenizer"},
                                                              {"device", "cuda:1"},
                                                              {"dtype", "bf16"},
                                                              {"threads", "3"},
                                                              {"attention.backend", "flash"},
                                                              {"memory.budget", "12.5GiB"},
                                                              {"memory.host_budget", "64GB"},
                                                              {"memory.cpu_offload", "sequential"},
                                                              {"memory.attention_slicing", "4"},
                                                              {"memory.activation_recompute", "off"},
                                                              {"memory.vae_tiling", "strips"},
                                                              {"memory.allow_approximate", "true"},
                                                              {"memory.on_oom", "fail"},
                                                              {"memory.oom_retry_delay", "0.5"},
                                                              {"memory.cache_clear_interval", "10"},
                                                              {"batch.max_size", "4"},
                                                              {"prompt.text", "a fox, 一只狐狸: #1"},
                                                              {"prompt.file", "p.txt"},
                                                              {"prompt.negative", "no"},
                                                              {"prompt.literal", "true"},
                                                              {"image.width", "512"},
                                                              {"image.height", "768"},
                                                              {"image.size", "640x480"},
                                                              {"image.aspect", "16:9"},
                                                              {"image.megapixels", "0.5"},
                                                              {"image.count", "2"},
                                                              {"sampling.steps", "5"},
                                                              {"sampling.guidance_scale", "2.5"},
                                                              {"sampling.cfg_normalization", "1.5"},
                                                              {"sampling.cfg_truncation", "0.5"},
                                                              {"sampling.seed", "18446744073709551615"},
                                                              {"sampling.rng", "cuda"},
                                                              {"sampling.latents", "l.safetensors"},
                                                              {"output.out", "{seed}.png"},
                                                              {"output.force", "true"},
                                                              {"output.metadata", "false"},
                                                              {"output.quality", "80"},
                                                              {"output.save_steps", "steps"},
                                                              {"output.save_latents", "s.safetensors"},
                                                              {"output.show", "blocks"},
                                                              {"output.profile", "p.json"},
                                                              {"output.profile_csv", "p.csv"},
                                                              {"output.profile_plot", "p.svg"},
                                                              {"timing.repeat", "3"},
                                                              {"timing.warmup", "1"},
                                                              {"log.verbose", "true"},
                                                              {"log.quiet", "true"},
                                                              {"log.format", "json"},
                                                              {"log.file", "log.jsonl"}};
  return values;
}

TEST(Settings, keys_and_flags_are_unique_and_sections_stay_together) {
  std::set<std::string_view> names, sections;
  std::string_view last;
  for (const Setting& s : settings()) {
    EXPECT_TRUE(names.insert(s.key).second) << s.key;
    EXPECT_TRUE(names.insert(s.flag).second) << s.flag;
    const std::string_view section = s.key.find('.') == std::string_view::npos ? "" : s.key.substr(0, s.key.find('.'));
    EXPECT_TRUE(section == last || sections.insert(section).second) << s.key << ": its section is in two places";
    last = section;
  }
}

TEST(Settings, every_key_goes_through_a_file_and_through_show) {
  for (const Setting& s : settings()) {
    SCOPED_TRACE(s.key);
    ASSERT_EQ(other_values().count(s.key), 1U) << "add a value for it above";
    const std::string& value = other_values().at(s.key);
    const Config config = read(file_with(s, value));
    ASSERT_NE(config.given(s), nullptr);
    EXPECT_EQ(config.given(s)->text, value);
    EXPECT_EQ(config.given(s)->origin, s.key.find('.') == std::string_view::npos ? "f.yaml:1" : "f.yaml:2");
    const Config again = read(to_yaml(config));
    ASSERT_NE(again.given(s), nullptr) << to_yaml(config);
    EXPECT_EQ(again.given(s)->text, value);
    Config typed;
    typed.give(s, value);
    EXPECT_EQ(to_yaml(typed).find("f.yaml"), std::string::npos);
    EXPECT_NE(to_yaml(typed).find(" # command line\n"), std::string::npos);
  }
}

// --help, the shells and the manual name these words.
TEST(Settings, every_word_that_a_value_names_is_taken) {
  std::size_t words = 0;
  for (const Setting& s : settings()) {
    if (s.takes.find('|') == std::string_view::npos) continue;
    std::string_view takes = s.takes;
    if (s.may_stand_alone()) takes = takes.substr(2, takes.size() - 3);  // "[=a|b]"
    std::istringstream alternatives{std::string(takes)};
    for (std::string word; std::getline(alternatives, word, '|');) {
      if (std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c) != 0; })) continue;
      Options options;
      EXPECT_NO_THROW(s.apply({s.flag, word}, options)) << s.flag << ' ' << word;
      ++words;
    }
  }
  EXPECT_GE(words, 30U);
}

// The defaults that are documented are those of the code: written out, they change nothing.
TEST(Settings, documented_defaults_are_the_defaults) {
  const Options plain;
  const Options written = read(to_yaml(Config())).options();
  EXPECT_EQ(written.pipeline.device, plain.pipeline.device);
  EXPECT_EQ(written.pipeline.dtype, plain.pipeline.dtype);
  EXPECT_EQ(written.pipeline.attention, plain.pipeline.attention);
  EXPECT_EQ(written.pipeline.threads, plain.pipeline.threads);
  EXPECT_EQ(written.memory.budget_bytes, plain.memory.budget_bytes);
  EXPECT_EQ(written.memory.host_budget_bytes, plain.memory.host_budget_bytes);
  EXPECT_EQ(written.memory.cpu_offload, plain.memory.cpu_offload);
  EXPECT_EQ(written.memory.heads_per_slice, plain.memory.heads_per_slice);
  EXPECT_EQ(written.memory.activation_recompute, plain.memory.activation_recompute);
  EXPECT_EQ(written.memory.vae_tiling, plain.memory.vae_tiling);
  EXPECT_EQ(written.memory.allow_approximate, plain.memory.allow_approximate);
  EXPECT_EQ(written.memory.strict_plan, plain.memory.strict_plan);
  EXPECT_EQ(written.memory.oom_retry_delay_seconds, plain.memory.oom_retry_delay_seconds);
  EXPECT_EQ(written.memory.cache_clear_interval, plain.memory.cache_clear_interval);
  EXPECT_EQ(written.max_batch, plain.max_batch);
  EXPECT_EQ(written.request.steps, plain.request.steps);
  EXPECT_EQ(written.request.guidance_scale, plain.request.guidance_scale);
  EXPECT_EQ(written.request.cfg_normalization, plain.request.cfg_normalization);
  EXPECT_EQ(written.request.cfg_truncation, plain.request.cfg_truncation);
  EXPECT_EQ(written.request.noise_source, plain.request.noise_source);
  EXPECT_EQ(written.request.literal_prompt, plain.request.literal_prompt);
  EXPECT_EQ(written.out, plain.out);
  EXPECT_EQ(written.force, plain.force);
  EXPECT_EQ(written.metadata, plain.metadata);
  EXPECT_EQ(written.quality, plain.quality);
  EXPECT_EQ(written.log.verbose, plain.log.verbose);
  EXPECT_EQ(written.log.quiet, plain.log.quiet);
  EXPECT_EQ(written.log.format, plain.log.format);
  EXPECT_FALSE(written.seed || written.count || written.repeat || written.warmup || written.profile ||
               !written.prompts.empty());
}

TEST(Settings, memory_levers) {
  const auto memory = [](const std::string& key, const std::string& value) { return options_of(key, value).memory; };
  EXPECT_EQ(memory("memory.budget", "12.5GiB").budget_bytes, 13'421'772'800U);
  EXPECT_EQ(memory("memory.budget", "auto").budget_bytes, std::nullopt);
  EXPECT_EQ(memory("memory.host_budget", "8GB").host_budget_bytes, 8'000'000'000U);
  EXPECT_EQ(memory("memory.cpu_offload", "none").cpu_offload, CpuOffload::none);
  EXPECT_EQ(memory("memory.cpu_offload", "component").cpu_offload, CpuOffload::component);
  EXPECT_EQ(memory("memory.cpu_offload", "sequential").cpu_offload, CpuOffload::sequential);
  EXPECT_EQ(memory("memory.cpu_offload", "auto").cpu_offload, std::nullopt);
  EXPECT_EQ(memory("memory.attention_slicing", "off").heads_per_slice, 0);
  EXPECT_EQ(memory("memory.attention_slicing", "6").heads_per_slice, 6);
  EXPECT_EQ(memory("memory.attention_slicing", "auto").heads_per_slice, std::nullopt);
  EXPECT_EQ(memory("memory.activation_recompute", "on").activation_recompute, true);
  EXPECT_EQ(memory("memory.activation_recompute", "off").activation_recompute, false);
  EXPECT_EQ(memory("memory.vae_tiling", "off").vae_tiling, VaeTiling::whole);
  EXPECT_EQ(memory("memory.vae_tiling", "strips").vae_tiling, VaeTiling::strips);
  EXPECT_EQ(memory("memory.vae_tiling", "tiles").vae_tiling, VaeTiling::tiles);
  EXPECT_TRUE(memory("memory.on_oom", "fail").strict_plan);
  EXPECT_EQ(memory("memory.oom_retry_delay", "0.25").oom_retry_delay_seconds, 0.25);
  EXPECT_EQ(memory("memory.cache_clear_interval", "3").cache_clear_interval, 3);
}

TEST(Settings, A17_values_out_of_their_range) {
  const auto refused = [](const std::string& key, const std::string& value, const std::string& words) {
    expect_error(ErrorKind::usage, {std::string(setting(key).flag) + " " + value + ": " + words},
                 [&] { options_of(key, value); });
  };
  refused("memory.budget", "0", "must be auto, or a size above 0");
  refused("memory.budget", "0GiB", "must be auto, or a size");
  refused("memory.host_budget", "-1GiB", "must be auto, or a size");
  refused("memory.attention_slicing", "0", "must be auto, off or heads per slice");
  refused("memory.attention_slicing", "on", "must be auto, off or heads per slice");
  refused("memory.cpu_offload", "off", "must be one of auto, none, component, sequential");
  refused("memory.vae_tiling", "on", "must be one of auto, off, strips, tiles");
  refused("memory.activation_recompute", "true", "must be one of auto, on, off");
  refused("memory.allow_approximate", "yes", "must be one of true, false");
  refused("memory.on_oom", "false", "must be one of next_plan, fail");
  refused("memory.oom_retry_delay", "nan", "must be seconds from 0 to 3600");
  refused("memory.oom_retry_delay", "3601", "must be seconds from 0 to 3600");
  refused("memory.cache_clear_interval", "-1", "must be a whole number from 0");
  refused("batch.max_size", "0", "must be a whole number from 1 to 64");
  refused("device", "cuda:x", "must be auto, cpu, cuda or cuda:N");
  EXPECT_EQ(options_of("memory.budget", "1T").memory.budget_bytes, 1ULL << 40);  // more than a card has
}

TEST(ConfigMerge, the_command_line_wins) {
  Config flags;
  flags.give(setting("image.width"), "512");
  const Config merged = read("image: {width: 256, height: 768}\nsampling: {steps: 5}\n", flags);
  EXPECT_EQ(merged.options().request.width, 512);
  EXPECT_EQ(merged.options().request.height, 768);
  EXPECT_EQ(merged.options().request.steps, 5);
  const std::string text = to_yaml(merged);
  EXPECT_NE(text.find("  width: 512"), std::string::npos);
  EXPECT_NE(text.find("# f.yaml:1\n"), std::string::npos);
  EXPECT_NE(text.find("# command line\n"), std::string::npos);
  EXPECT_NE(text.find("# default\n"), std::string::npos);
}

TEST(ConfigMerge, what_the_command_line_replaces_is_checked_all_the_same) {
  Config flags;
  flags.give(setting("image.width"), "512");
  expect_error(ErrorKind::model, {"f.yaml:1:16: image.width 100: must be a multiple of 16"},
               [&] { read("image: {width: 100}\n", flags); });
}

TEST(ConfigMerge, a_flag_drops_what_the_file_says_against_it) {
  Config flags;
  flags.give(setting("prompt.file"), "p.txt");
  flags.give(setting("timing.repeat"), "3");
  const Options merged = read("prompt: {text: a fox, negative: a dog}\nimage: {count: 4}\n", flags).options();
  EXPECT_TRUE(merged.prompts.empty());
  EXPECT_EQ(merged.prompt_file, "p.txt");
  EXPECT_EQ(merged.request.negative_prompt, "a dog");
  EXPECT_EQ(merged.count, std::nullopt);
}

TEST(ConfigMerge, Y4_unknown_keys_with_what_was_meant) {
  expect_refused("memory:\n  cpu_ofload: none\n",
                 "f.yaml:2:3: memory.cpu_ofload: unknown key, did you mean 'cpu_offload'?");
  expect_refused("memroy:\n  budget: 1GiB\n", "f.yaml:1:1: memroy: unknown key, did you mean 'memory'?");
  expect_refused("width: 512\n", "f.yaml:1:1: width: unknown key, did you mean 'image.width'?");
  expect_refused("memory: {steps: 9}\n", "memory.steps: unknown key, did you mean 'sampling.steps'?");
  expect_refused("image: {\"wi\\nd\": 9}\n", "image.wi\\nd: unknown key");
}

TEST(ConfigMerge, Y6_wrong_types) {
  expect_refused("memory: 12GiB\n", "f.yaml:1:9: memory: must be a mapping");
  expect_refused("image: [1, 2]\n", "f.yaml:1:8: image: must be a mapping");
  expect_refused("- a\n", "f.yaml:1:1: must be a mapping");
  expect_refused("image: {width: {a: b}}\n", "image.width: must be a single value");
  expect_refused("image: {width: \"512\"}\n", "image.width 512: must be a number, without quotes");
  expect_refused("image: {width: 512.0}\n", "image.width 512.0: must be a multiple of 16");
  expect_refused("image: {width: }\n", "image.width: needs a value");
  expect_refused("output: {out: true}\n", "output.out true: must be text; put quotes around it");
  expect_refused("output: {force: 1}\n", "output.force 1: must be true or false");
  expect_refused("prompt: {text: 7}\n", "prompt.text 7: must be text");
  expect_refused("memory: {budget: 12}\n", "memory.budget 12: must be auto, or a size above 0");
  expect_refused("sampling: {guidance_scale: .nan}\n", "sampling.guidance_scale .nan: must be a finite number");
  expect_refused("prompt: {text: \"\\0\"}\n", "NUL");
}

TEST(ConfigMerge, Y7_no_and_octal) {
  expect_refused("output: {force: no}\n", "f.yaml:1:17: output.force no: must be true or false; write false");
  expect_refused("sampling: {steps: 011}\n", "sampling.steps 011: must be a number without leading zeros");
  expect_refused("sampling: {steps: 0o11}\n", "sampling.steps 0o11: must be a whole number");
}

TEST(ConfigMerge, a_section_of_comments_says_nothing) {
  const Config config = read("memory:\n  # budget: 12GiB\nimage:\n");
  EXPECT_EQ(to_yaml(config), to_yaml(Config()));
  EXPECT_EQ(to_yaml(read("")), to_yaml(Config()));
}

TEST(ConfigMerge, several_prompts_are_a_list) {
  Config flags;
  for (const char* prompt : {"a, b", "c]", "d"}) flags.give(setting("prompt.text"), prompt);
  const std::vector<std::string> prompts{"a, b", "c]", "d"};
  EXPECT_EQ(flags.options().prompts, prompts);
  EXPECT_EQ(read(to_yaml(flags)).options().prompts, prompts);
  EXPECT_EQ(read("prompt: {text: [x, y]}\n", flags).options().prompts, prompts);
  EXPECT_EQ(read("prompt: {text: [x, y]}\n").options().prompts, (std::vector<std::string>{"x", "y"}));
  expect_refused("prompt: {text: []}\n", "prompt.text: must not be empty");
  expect_refused("image: {width: [64]}\n", "f.yaml:1:16: image.width");
}

TEST(ConfigMerge, what_is_added_stands_between_the_command_line_and_the_file) {
  Config config;
  config.give(setting("sampling.seed"), "7");
  config.give(setting("image.size"), "64x64");
  const auto entry = [](const char* key, const char* text) {
    return Entry{&setting(key), {text, std::string("x.png: ") + key, "x.png", ErrorKind::model}};
  };
  config.add({entry("sampling.seed", "1"), entry("sampling.steps", "5"), entry("image.width", "32")});
  const Options merged = read("sampling: {seed: 2, steps: 6, guidance_scale: 3}\n", config).options();
  EXPECT_EQ(merged.seed, 7U);
  EXPECT_EQ(merged.request.steps, 5);
  EXPECT_EQ(merged.request.width, 64);
  EXPECT_EQ(merged.request.guidance_scale, 3);
  config.add({entry("sampling.cfg_truncation", "x")});
  expect_error(ErrorKind::model, {"x.png: sampling.cfg_truncation x"}, [&] { config.options(); });
}

TEST(ConfigMerge, show_keeps_text_that_yaml_would_take_apart) {
  for (const std::string prompt : {"a: b # c", "\"quoted\" \\ 'x'", " two\nlines\t", "no", "12", "", "\xC2\x85|\x7F",
                                   "*a", "一只狐狸 🦊", "%x", "- a"}) {
    Config config;
    config.give(setting("prompt.text"), prompt);
    EXPECT_EQ(read(to_yaml(config)).options().prompts, std::vector{prompt});
  }
}

TEST(ConfigMerge, the_files_that_come_with_the_program) {
  constexpr std::uint64_t kGiB = 1 << 30;
  for (const std::uint64_t size : {4, 6, 8, 12, 16, 24}) {
    Config config;
    config.read(read_yaml(std::string(ZIMAGE_TEST_CONFIGS) + "/" + std::to_string(size) + "gb.yaml"));
    const Options options = config.options();
    EXPECT_EQ(options.memory.budget_bytes, size * kGiB);
    EXPECT_EQ(options.pipeline.dtype, "fp16");
    EXPECT_EQ(options.request.width, 1024);
    EXPECT_FALSE(options.memory.allow_approximate);
  }
  Config defaults;
  defaults.read(read_yaml(std::string(ZIMAGE_TEST_CONFIGS) + "/default.yaml"));
  for (const Setting& s : settings()) {
    const Given* const given = defaults.given(s);
    if (given == nullptr) continue;
    if (s.notation == Notation::number) {
      EXPECT_EQ(std::stod(given->text), std::stod(std::string(s.fallback))) << s.key;
    } else {
      EXPECT_EQ(given->text, s.fallback) << s.key;
    }
  }
}

TEST(SizeOptions, one_size_is_given_in_one_way) {
  const auto options_of = [](std::vector<std::pair<const char*, const char*>> flags) {
    Config config;
    for (const auto& [key, text] : flags) config.give(setting(key), text);
    return config.options();
  };
  EXPECT_EQ(options_of({{"image.size", "640x480"}}).request.height, 480);
  const Options wide = options_of({{"image.aspect", "16:9"}, {"image.megapixels", "2"}});
  EXPECT_EQ(wide.request.width, 1936);
  EXPECT_EQ(wide.request.height, 1088);
  expect_error(ErrorKind::usage, {"--size", "not together with --width"}, [&] {
    options_of({{"image.size", "640x480"}, {"image.width", "640"}});
  });
  expect_error(ErrorKind::usage, {"--aspect", "not together with --size"}, [&] {
    options_of({{"image.size", "640x480"}, {"image.aspect", "1:1"}});
  });
}

TEST(SizeOptions, a_size_on_the_command_line_drops_the_files_sides) {
  Config config;
  config.give(setting("image.size"), "640x480");
  config.read(parse_yaml("image: {width: 512, height: 512}\n", "f.yaml"));
  EXPECT_EQ(config.options().request.width, 640);
}

}  // namespace
}  // namespace zimage::config
