// What the fuzzers call with bytes of their own, and the tests with the seed corpora: one function per format. Each
// returns for what its reader accepts and for what it refuses as it should, and throws Broken otherwise.
#pragma once

#include <string_view>

namespace zimage::fuzz {

void json(std::string_view input);
// One byte, the number of bytes behind the header; then the header.
void safetensors_header(std::string_view input);
void safetensors_file(std::string_view input);
void shard_index(std::string_view input);
// A digit that says which of the five configurations; then the file.
void model_config(std::string_view input);
void tokenizer_json(std::string_view input);
// vocab.json, merges.txt and tokenizer_config.json, or tokenizer.json alone, a byte 0x1E between them.
void tokenizer_folder(std::string_view input);
void prompt(std::string_view input);
void yaml(std::string_view input);
void config_yaml(std::string_view input);
void cards_yaml(std::string_view input);
// A byte that says which option; then its value.
void option_value(std::string_view input);
void png_metadata(std::string_view input);
void jpeg_comment(std::string_view input);
// The text "parameters" of a picture.
void parameters(std::string_view input);
// Files of prompts.
void prompts_text(std::string_view input);
void prompts_jsonl(std::string_view input);
void prompts_csv(std::string_view input);
void prompts_yaml(std::string_view input);
void journal(std::string_view input);
// A line with the template; then a prompt.
void name_template(std::string_view input);

}  // namespace zimage::fuzz
