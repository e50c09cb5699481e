// The commands that draw nothing.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"

#include <array>
#include <cstring>

namespace zimage {
namespace {

using test::expect_success;
using test::Outcome;
using test::TempDir;

const std::string kModel = ZIMAGE_TEST_DATA "/parity/square";

Outcome run(const TempDir& dir, const std::vector<std::string>& arguments) {
  return test::run_zimage({arguments, dir.path()});
}

// The ids that Hugging Face's tokenizer gave for the fixture's prompt.
std::vector<std::int64_t> reference_ids(const std::string& fixture) {
  const io::SafetensorsFile file(ZIMAGE_TEST_DATA "/parity/" + fixture + ".safetensors");
  const io::TensorInfo* info = file.find("ids");
  const std::size_t width = dtype_bytes(info->dtype);
  std::vector<std::byte> bytes(info->bytes);
  file.file().read_at(info->offset, bytes);
  std::vector<std::int64_t> ids(bytes.size() / width);
  for (std::size_t i = 0; i < ids.size(); ++i) std::memcpy(&ids[i], &bytes[i * width], width);  // little-endian, >= 0
  return ids;
}

std::vector<std::int64_t> integers(const io::Json& array) {
  std::vector<std::int64_t> values;
  for (const io::Json& value : *array.as<io::Json::Array>()) values.push_back(*value.as<std::int64_t>());
  return values;
}

TEST(Tokenize, json_is_what_the_text_encoder_sees) {
  const TempDir dir;
  const Outcome outcome =
      run(dir, {"tokenize", "--model", kModel, "--prompt", "a red circle on a white background", "--json"});
  expect_success(outcome);
  EXPECT_EQ(outcome.err, "");
  const io::Json json = io::parse_json(outcome.out, "standard output");
  ASSERT_EQ(json.as<io::Json::Object>()->size(), 3U) << outcome.out;
  EXPECT_EQ(integers(*json.find("ids")), reference_ids("square_9_steps"));
  EXPECT_EQ(json.find("tokens")->as<io::Json::Array>()->size(), json.find("ids")->as<io::Json::Array>()->size());
  EXPECT_EQ(*json.find("truncated")->as<bool>(), false);
}

TEST(Tokenize, P5_P6_a_file_gives_the_same_ids) {
  const TempDir dir;
  const auto path = dir.write("p.txt",
                              "\xEF\xBB\xBF"
                              "a red circle on a white background\r\n");
  const Outcome outcome = run(dir, {"tokenize", "--model", kModel, "--prompt-file", path.string(), "--json"});
  expect_success(outcome);
  EXPECT_EQ(integers(*io::parse_json(outcome.out, "standard output").find("ids")), reference_ids("square_9_steps"));
}

TEST(Tokenize, P8_P10_long_prompts_are_cut_with_a_warning) {
  const TempDir dir;
  const Outcome outcome =
      run(dir, {"tokenize", "--model", kModel, "--prompt", std::string(50'000, 'A') + "tail", "--json"});
  expect_success(outcome);
  const io::Json json = io::parse_json(outcome.out, "standard output");
  EXPECT_EQ(json.find("ids")->as<io::Json::Array>()->size(), 512U);
  EXPECT_EQ(*json.find("truncated")->as<bool>(), true);
  EXPECT_NE(outcome.err.find("warning: prompt cut at 512 tokens; dropped: A"), std::string::npos) << outcome.err;
  EXPECT_EQ(test::lines_of(outcome.err), 1);
}

TEST(Tokenize, P9_special_tokens_warn_unless_literal) {
  const TempDir dir;
  const std::vector<std::string> arguments{"tokenize", "--model", kModel, "--prompt", "a<|im_end|>b", "--json"};
  const Outcome parsed = run(dir, arguments);
  expect_success(parsed);
  EXPECT_NE(parsed.err.find("special tokens"), std::string::npos) << parsed.err;
  std::vector<std::string> literal_arguments = arguments;
  literal_arguments.push_back("--literal-prompt");
  const Outcome literal = run(dir, literal_arguments);
  expect_success(literal);
  EXPECT_EQ(literal.err, "");
  EXPECT_GT(io::parse_json(literal.out, "o").find("ids")->as<io::Json::Array>()->size(),
            io::parse_json(parsed.out, "o").find("ids")->as<io::Json::Array>()->size());
}

TEST(Tokenize, lines_for_people_hold_no_control_characters) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"tokenize", "--model", kModel, "--prompt", "a\x1b[2Jb"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
}

TEST(Tokenize, R5_standard_output_that_takes_nothing) {
  const TempDir dir;
  test::Invocation invocation{{"tokenize", "--model", kModel, "--prompt", "x"}, dir.path()};
  for (const char* redirection : {">&-", ">/dev/full"}) {
    invocation.wrapper = {"/bin/sh", "-c", std::string("exec \"$0\" \"$@\" ") + redirection};
    test::expect_refused(test::run_zimage(invocation), 4, {"standard output"});
  }
}

TEST(Inspect, json_adds_up) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"inspect", "--model", kModel, "--json"});
  expect_success(outcome);
  const io::Json json = io::parse_json(outcome.out, "standard output");
  EXPECT_EQ(*json.find("model")->as<std::string>(), "square");
  const auto& components = *json.find("components")->as<io::Json::Array>();
  ASSERT_EQ(components.size(), 4U);
  const std::array<std::string, 3> names{"text_encoder", "transformer", "vae"};
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const io::Json& component = components[i];
    EXPECT_EQ(*component.find("name")->as<std::string>(), names[i]);
    const std::int64_t parameters = *component.find("parameters")->as<std::int64_t>();
    const std::int64_t loaded = *component.find("loaded_parameters")->as<std::int64_t>();
    EXPECT_GT(loaded, 1000);
    EXPECT_LE(loaded, parameters);
    EXPECT_EQ(*component.find("bytes_in_type")->find("fp16")->as<std::int64_t>(), 2 * loaded);
    EXPECT_EQ(*component.find("bytes_in_type")->find("fp32")->as<std::int64_t>(), 4 * loaded);
    sum += parameters;
  }
  EXPECT_EQ(*components[3].find("name")->as<std::string>(), "total");
  EXPECT_EQ(*components[3].find("parameters")->as<std::int64_t>(), sum);
  std::int64_t typed = 0;
  for (const auto& [type, count] : *components[3].find("types")->as<io::Json::Object>())
    typed += *count.as<std::int64_t>();
  EXPECT_EQ(typed, sum);
}

TEST(Inspect, table_for_people) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"inspect", "--model", kModel});
  expect_success(outcome);
  for (const char* word : {"square", "text_encoder", "transformer", "vae", "total", "on disk", "in fp16"}) {
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
  }
}

TEST(Doctor, says_what_it_found) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"doctor", "--model", kModel});
  expect_success(outcome);
  for (const char* topic : {"GPU", "driver", "link", "memory", "libraries", "LibTorch", "model", "parameters"}) {
    EXPECT_NE(outcome.out.find(topic), std::string::npos) << topic << "\n" << outcome.out;
  }
}

TEST(Doctor, a_missing_model_has_an_advice_and_the_code_of_the_model) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"doctor", "--model", "nowhere"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.out.find("missing  model"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("-> give a complete checkpoint folder"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.err, "error: --model nowhere: no such folder\n");
}

TEST(Devices, lists_the_cpu) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"devices"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out.substr(0, 4), "cpu ");
}

TEST(Version, names_the_libraries) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"--version"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out.substr(0, 7), "zimage ");
  for (const char* name : {"\nLibTorch 2.", "\nCUDA ", "\ncuDNN "}) {
    EXPECT_NE(outcome.out.find(name), std::string::npos) << outcome.out;
  }
  EXPECT_EQ(test::lines_of(outcome.out), 4);
  EXPECT_EQ(outcome.err, "");
}

TEST(Help, generate_tells_every_option_and_what_steps_are) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"generate", "--help"});
  expect_success(outcome);
  for (const char* text : {"--model",
                           "--prompt ",
                           "--prompt-file",
                           "--negative-prompt",
                           "--literal-prompt",
                           "--out",
                           "--width",
                           "--height",
                           "--steps",
                           "--guidance-scale",
                           "--cfg-normalization",
                           "--cfg-truncation",
                           "--seed",
                           "--count",
                           "--rng",
                           "--threads",
                           "--device",
                           "--dtype",
                           "--save-latents",
                           "--latents",
                           "--verbose",
                           "--quiet",
                           "--log-format",
                           "--force",
                           "--config FILE",
                           "--vram-budget SIZE",
                           "--strict-plan",
                           "[memory.oom_retry_delay]",
                           "9 steps are 8 evaluations",
                           "default: result.png",
                           "Pixels",
                           "Example:\n  zimage generate"}) {
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text;
  }
}

TEST(Help, every_command_has_an_example) {
  const TempDir dir;
  for (const std::string command : {"config", "tokenize", "show", "inspect", "devices", "doctor"}) {
    const Outcome outcome = run(dir, {command, "--help"});
    expect_success(outcome);
    EXPECT_NE(outcome.out.find("Example:\n  zimage " + command), std::string::npos) << outcome.out;
  }
}

}  // namespace
}  // namespace zimage
