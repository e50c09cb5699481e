#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "support/temp_dir.h"
#include "text/nfc.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"
#include "text/vocabulary.h"

#include <array>

namespace zimage::fuzz {
namespace {

void check_ids(const std::vector<std::int32_t>& ids, const Tokenizer& tokenizer) {
  for (const std::int32_t id : ids) require(id >= 0 && id < tokenizer.size(), "an id beyond the vocabulary");
}

void check_prompt(const PromptTokens& tokens, const Tokenizer& tokenizer) {
  check_ids(tokens.ids, tokenizer);
  require(tokens.ids.size() <= Tokenizer::kMaxTokens, "more ids than the text encoder takes");
  require(tokens.pieces.size() == tokens.ids.size(), "ids without pieces");
  require(is_utf8(tokens.dropped), "dropped text that is not UTF-8");
  require(tokens.truncated || tokens.dropped.empty(), "text dropped in silence");
}

}  // namespace

void tokenizer_json(std::string_view input) {
  text::VocabularyFiles files;
  const auto read = [&] {
    text::TokenizerJson json = text::read_tokenizer_json(input, "tokenizer.json");
    files.tokens = std::move(json.tokens);
    files.merges = std::move(json.merges);
  };
  text::guess_json_merges(input);  // of any text
  if (!accepts({ErrorKind::model}, read)) return;
  files.tokens_source = files.merges_source = files.added_source = "tokenizer.json";
  accepts({ErrorKind::model}, [&] {
    const std::size_t merges = files.merges.size();
    const text::Vocabulary vocabulary = text::make_vocabulary(files);
    require(vocabulary.piece_ids.size() == 256 + merges, "bytes or merges without an id");
    for (const std::int32_t id : vocabulary.piece_ids) {
      require(id >= 0 && static_cast<std::size_t>(id) < vocabulary.tokens.size(), "an id beyond the vocabulary");
    }
  });
}

void tokenizer_folder(std::string_view input) {
  static constexpr std::array<const char*, 3> kLists{"vocab.json", "merges.txt", "tokenizer_config.json"};
  static constexpr char kSeparator = '\x1E';
  const test::TempDir dir;
  if (input.find(kSeparator) == std::string_view::npos) dir.write("tokenizer.json", input);
  for (std::size_t i = 0; i < kLists.size() && input.find(kSeparator) != std::string_view::npos; ++i) {
    const std::size_t end = input.find(kSeparator);
    dir.write(kLists[i], input.substr(0, end));
    input.remove_prefix(end + 1);
  }
  accepts({ErrorKind::model}, [&] {
    const Tokenizer tokenizer(dir.path());
    check_prompt(tokenizer.encode_prompt("the red<|im_end|> fox, caf\u00e9 \U0001F98A"), tokenizer);
  });
}

void prompt(std::string_view input) {
  static const Tokenizer tokenizer(ZIMAGE_TEST_DATA "/tokenizer");
  for (const SpecialTokens special : {SpecialTokens::parse, SpecialTokens::literal}) {
    const bool encoded = accepts({ErrorKind::usage}, [&] { check_ids(tokenizer.encode(input, special), tokenizer); });
    require(encoded == is_utf8(input), "a text is encoded if it is UTF-8, and only then");
    accepts({ErrorKind::usage}, [&] { check_prompt(tokenizer.encode_prompt(input, special), tokenizer); });
  }
  if (!is_utf8(input)) return;
  const std::string composed = text::to_nfc(input);
  require(is_utf8(composed) && text::to_nfc(composed) == composed, "a normal form that is none");
  require(tokenizer.encode(composed, SpecialTokens::literal) == tokenizer.encode(input, SpecialTokens::literal),
          "other ids for another form of the same text");
}

}  // namespace zimage::fuzz
