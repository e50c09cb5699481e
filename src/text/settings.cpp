#include "text/settings.h"

#include "zimage/error.h"

#include "base/text.h"
#include "text/pre_tokenizer.h"

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace zimage::text {
namespace {

using io::Json;

constexpr std::size_t kMaxAddedTokens = 65'536;
constexpr std::size_t kMaxAddedTokenBytes = 256;

[[noreturn]] void refuse(const std::string& source, const std::string& rule) {
  throw Error(ErrorKind::model, printable(source) + ": " + rule);
}

bool is_absent(const Json* value) { return value == nullptr || value->as<std::nullptr_t>() != nullptr; }

bool is_text(const Json* value, std::string_view text) {
  const std::string* string = value != nullptr ? value->as<std::string>() : nullptr;
  return string != nullptr && *string == text;
}

bool is_false(const Json* value) {
  const bool* flag = value != nullptr ? value->as<bool>() : nullptr;
  return flag != nullptr && !*flag;
}

// Members that may be missing, null or false, and nothing else.
void refuse_flags(const Json& object, std::initializer_list<std::string_view> names, const std::string& source,
                  const std::string& field) {
  for (const std::string_view name : names) {
    const Json* value = object.find(name);
    if (!is_absent(value) && !is_false(value)) {
      refuse(source, field + std::string(name) + ": only false is supported, not " + printable(to_string(*value), 100));
    }
  }
}

bool is_qwen2_split(const Json& step) {
  const Json* pattern = step.find("pattern");
  return is_text(step.find("type"), "Split") && pattern != nullptr && is_text(pattern->find("Regex"), kQwen2Pattern) &&
         is_text(step.find("behavior"), "Isolated") && is_false(step.find("invert"));
}

bool is_plain_byte_level(const Json& step) {
  return is_text(step.find("type"), "ByteLevel") && is_false(step.find("add_prefix_space")) &&
         is_false(step.find("use_regex"));
}

AddedToken read_token(const Json& object, std::int64_t id, const std::string& source, const std::string& field) {
  const Json* content = object.find("content");
  const std::string* text = content != nullptr ? content->as<std::string>() : nullptr;
  if (text == nullptr) refuse(source, field + ".content: a string is wanted");
  if (text->size() > kMaxAddedTokenBytes) {
    refuse(source, field + ".content: " + std::to_string(text->size()) + " bytes, at most " +
                       std::to_string(kMaxAddedTokenBytes) + " are supported");
  }
  refuse_flags(object, {"lstrip", "rstrip", "single_word", "normalized"}, source, field + ".");
  if (id < 0 || id >= kMaxVocabulary) {
    refuse(source, field + ": id " + std::to_string(id) + ", ids go from 0 to " + std::to_string(kMaxVocabulary - 1));
  }
  return {*text, static_cast<std::int32_t>(id)};
}

void check_count(std::size_t count, const std::string& source, const char* field) {
  if (count <= kMaxAddedTokens) return;
  refuse(source, field + (": " + std::to_string(count)) + " tokens, at most " + std::to_string(kMaxAddedTokens) +
                     " are supported");
}

}  // namespace

void check_model(const Json& model, const std::string& source) {
  const Json* type = model.find("type");
  if (type != nullptr && !is_text(type, "BPE")) refuse(source, "model.type: only \"BPE\" is supported");
  refuse_flags(model, {"ignore_merges", "byte_fallback", "dropout"}, source, "model.");
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* value = model.find(name);
    if (!is_absent(value) && !is_text(value, ""))
      refuse(source, std::string("model.") + name + ": only \"\" is supported");
  }
}

void check_pre_tokenizer(const Json& settings, const std::string& source) {
  const Json* root = settings.find("pre_tokenizer");
  const Json* steps =
      root != nullptr && is_text(root->find("type"), "Sequence") ? root->find("pretokenizers") : nullptr;
  const auto* list = steps != nullptr ? steps->as<Json::Array>() : nullptr;
  const bool is_qwen2 =
      list != nullptr && list->size() == 2 && is_qwen2_split((*list)[0]) && is_plain_byte_level((*list)[1]);
  if (!is_qwen2) refuse(source, "pre_tokenizer: only the sequence of Qwen2's pattern and ByteLevel is supported");
}

void check_post_processor(const Json& settings, const std::string& source) {
  const Json* processor = settings.find("post_processor");
  // ByteLevel only moves offsets; any other one adds tokens.
  if (!is_absent(processor) && !is_text(processor->find("type"), "ByteLevel")) {
    refuse(source, "post_processor: only null and ByteLevel are supported");
  }
}

Normalization read_normalizer(const Json& settings, const std::string& source) {
  const Json* normalizer = settings.find("normalizer");
  if (is_absent(normalizer)) return Normalization::none;
  if (!is_text(normalizer->find("type"), "NFC")) refuse(source, "normalizer: only null and NFC are supported");
  return Normalization::nfc;
}

std::vector<AddedToken> read_added_tokens(const Json& settings, const std::string& source) {
  const Json* member = settings.find("added_tokens");
  if (is_absent(member)) return {};
  const auto* list = member->as<Json::Array>();
  if (list == nullptr) refuse(source, "added_tokens: an array is wanted");
  check_count(list->size(), source, "added_tokens");
  std::vector<AddedToken> tokens;
  for (const Json& object : *list) {
    const std::string field = "added_tokens[" + std::to_string(tokens.size()) + "]";
    const Json* id = object.find("id");
    const auto* number = id != nullptr ? id->as<std::int64_t>() : nullptr;
    if (number == nullptr) refuse(source, field + ".id: an integer is wanted");
    tokens.push_back(read_token(object, *number, source, field));
  }
  return tokens;
}

void check_config(const Json& config, const std::string& source) {
  if (config.as<Json::Object>() == nullptr) refuse(source, "an object is wanted");
  refuse_flags(config, {"add_prefix_space", "add_bos_token", "add_eos_token"}, source, "");
}

std::vector<AddedToken> read_added_tokens_decoder(const Json& config, const std::string& source) {
  const Json* member = config.find("added_tokens_decoder");
  if (is_absent(member)) return {};
  const auto* object = member->as<Json::Object>();
  if (object == nullptr) refuse(source, "added_tokens_decoder: an object is wanted");
  check_count(object->size(), source, "added_tokens_decoder");
  std::vector<AddedToken> tokens;
  for (const auto& [key, token] : *object) {
    const std::string field = "added_tokens_decoder." + printable(key, 100);
    std::int64_t id = -1;
    const std::from_chars_result parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size()) refuse(source, field + ": the key is no id");
    tokens.push_back(read_token(token, id, source, field));
  }
  return tokens;
}

}  // namespace zimage::text
