// A tokenizer folder that a test spoils in one place: 256 bytes, a few merges, the tokens of the chat template.
#pragma once

#include "io/json.h"
#include "support/temp_dir.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::test {

// What the folder will say. Ids and added tokens are JSON text, so that a test can put anything there.
struct TokenizerFolder {
  TokenizerFolder() {
    for (int byte = 0; byte < 256; ++byte) add(std::string(text::byte_name(static_cast<std::uint8_t>(byte))));
    for (const char* token : {"th", "the", "re", "red"}) add(token);
    for (const char* token : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) add_special(token, next_id_++);
  }

  void add(const std::string& token) { vocabulary.emplace_back(token, std::to_string(next_id_++)); }
  void add_special(const std::string& content, std::int64_t id, const std::string& more = "") {
    added.push_back(R"({"id":)" + std::to_string(id) + R"(,"content":)" + quote(content) +
                    R"(,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true)" + more +
                    "}");
  }
  // The id of a token as JSON text, to be changed.
  std::string& id_of(const std::string& token) {
    for (auto& [name, id] : vocabulary)
      if (name == token) return id;
    throw std::runtime_error("no token " + token);
  }

  static std::string quote(const std::string& text) { return io::to_string(io::Json(text)); }

  std::string vocab_json() const {
    std::string json;
    for (const auto& [token, id] : vocabulary) json += (json.empty() ? "{" : ",") + quote(token) + ":" + id;
    return json + "}";
  }
  std::string merges_txt() const {
    std::string lines = "#version: 0.2\n";
    for (const std::string& merge : merges) lines += merge + "\n";
    return lines;
  }
  std::string merges_json() const {
    std::string json;
    for (const std::string& merge : merges) json += (json.empty() ? "" : ",") + quote(merge);
    return "[" + json + "]";
  }
  std::string added_json() const {
    std::string json;
    for (const std::string& token : added) json += (json.empty() ? "" : ",") + token;
    return "[" + json + "]";
  }
  std::string tokenizer_json() const {
    return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":)" + added_json() + R"(,"normalizer":)" +
           normalizer + R"(,"pre_tokenizer":)" + pre_tokenizer + R"(,"post_processor":)" + post_processor +
           R"(,"decoder":{"type":"ByteLevel"},"model":{)" + model_settings + R"(,"vocab":)" + vocab_json() +
           R"(,"merges":)" + merges_json() + "}}";
  }

  void write_json(const TempDir& dir) const { dir.write("tokenizer.json", tokenizer_json()); }
  void write_lists(const TempDir& dir) const {
    dir.write("vocab.json", vocab_json());
    dir.write("merges.txt", merges_txt());
    std::string decoder;
    for (const std::string& token : added) {
      const io::Json json = io::parse_json(token, "added token");
      decoder += (decoder.empty() ? "" : ",") + quote(io::to_string(*json.find("id"))) + ":" + token;
    }
    dir.write("tokenizer_config.json", R"({"add_prefix_space":false,"added_tokens_decoder":{)" + decoder + "}}");
  }

  std::vector<std::pair<std::string, std::string>> vocabulary;  // token, id
  std::vector<std::string> merges{"t h", "th e", "r e", "re d"};
  std::vector<std::string> added;
  std::string normalizer = R"({"type":"NFC"})";
  std::string pre_tokenizer =
      R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":)" +
      quote(std::string(text::kQwen2Pattern)) + R"(},"behavior":"Isolated","invert":false},)" +
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]})";
  std::string post_processor = "null";
  std::string model_settings = R"("type":"BPE","dropout":null,"unk_token":null,"ignore_merges":false)";

 private:
  std::int64_t next_id_ = 0;
};

}  // namespace zimage::test
