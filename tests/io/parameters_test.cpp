// The text "parameters" of Stable Diffusion web UIs.
#include "io/parameters.h"

#include <gtest/gtest.h>

namespace zimage::io {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(Parameters, are_read_as_they_were_written) {
  const Parameters written{"a fox,\nin snow: cold", "blur", {{"Steps", "9"}, {"Model", "a, \"b\""}, {"Seed", "7"}}};
  const std::string text = to_string(written);
  EXPECT_EQ(text, "a fox,\nin snow: cold\nNegative prompt: blur\nSteps: 9, Model: \"a, \\\"b\\\"\", Seed: 7");
  const Parameters read = parse_parameters(text);
  EXPECT_EQ(read.prompt, written.prompt);
  EXPECT_EQ(read.negative_prompt, written.negative_prompt);
  EXPECT_EQ(read.fields, written.fields);
  EXPECT_EQ(*read.find("Model"), "a, \"b\"");
  EXPECT_EQ(read.find("Size"), nullptr);
}

// As a web UI writes them, line breaks of Windows included.
TEST(Parameters, of_another_program) {
  const Parameters read = parse_parameters(
      "masterpiece, <lora:x:1>\r\nsecond line\r\nNegative prompt: worst\r\nlow quality\r\n"
      "Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 6ce0161689, "
      "Lora hashes: \"x: 12ab, y: 34cd\", Hashes: {\"model\": \"6c\", \"vae\": \"0a\"}, Version: v1.9.3\n");
  EXPECT_EQ(read.prompt, "masterpiece, <lora:x:1>\nsecond line");
  EXPECT_EQ(read.negative_prompt, "worst\nlow quality");
  EXPECT_EQ(*read.find("Seed"), "42");
  EXPECT_EQ(*read.find("Lora hashes"), "x: 12ab, y: 34cd");
  EXPECT_EQ(*read.find("Hashes"), "{\"model\": \"6c\", \"vae\": \"0a\"}");
  EXPECT_EQ(*read.find("Version"), "v1.9.3");
}

TEST(Parameters, any_text_is_at_least_a_prompt) {
  EXPECT_EQ(parse_parameters("").prompt, "");
  EXPECT_EQ(parse_parameters("a fox: red, small").prompt, "a fox: red, small");
  EXPECT_EQ(parse_parameters("Steps: 1, Seed: 2, Size: 3x3").fields,
            (Fields{{"Steps", "1"}, {"Seed", "2"}, {"Size", "3x3"}}));
  const Parameters odd = parse_parameters("x\nSteps: \"1, Seed: 2, Size: 3x3");
  EXPECT_EQ(odd.prompt, "x\nSteps: \"1, Seed: 2, Size: 3x3");
  EXPECT_EQ(*parse_parameters("x\nSteps: \"\\q\", Seed: 2, Size: 3x3").find("Steps"), "\"\\q\"");
}

}  // namespace
}  // namespace zimage::io
