// The members of tokenizer.json and tokenizer_config.json that decide how a text is tokenized, checked: this tokenizer
// is Qwen2's, and a file that asks for another one is refused rather than misread.
#pragma once

#include "io/json.h"
#include "text/definition.h"
#include "text/vocabulary.h"

#include <string>
#include <vector>

namespace zimage::text {

// Of tokenizer.json; `settings` are the members of its root, `model` those of "model". Throw Error(model).
void check_model(const io::Json& model, const std::string& source);
void check_pre_tokenizer(const io::Json& settings, const std::string& source);
void check_post_processor(const io::Json& settings, const std::string& source);
Normalization read_normalizer(const io::Json& settings, const std::string& source);
std::vector<AddedToken> read_added_tokens(const io::Json& settings, const std::string& source);

// Of tokenizer_config.json. Throw Error(model).
void check_config(const io::Json& config, const std::string& source);
std::vector<AddedToken> read_added_tokens_decoder(const io::Json& config, const std::string& source);

}  // namespace zimage::text
