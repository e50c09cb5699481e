#include "text/definition.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/file.h"
#include "io/json_visitor.h"
#include "io/model_file.h"
#include "text/settings.h"
#include "text/tokenizer_json.h"
#include "text/vocabulary_reader.h"

#include <algorithm>
#include <cstdint>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zimage::text {
namespace {

constexpr std::uint64_t kMaxVocabularyBytes = 32 << 20, kMaxConfigBytes = 4 << 20;

// The folder's files, as far as they are there; checked, for the folder may come from a stranger.
struct Files {
  explicit Files(const std::filesystem::path& dir) {
    const auto find = [&dir](const char* name) {
      return io::is_present(dir / name) ? std::optional(io::model_file(dir, name)) : std::nullopt;
    };
    tokenizer = find("tokenizer.json");
    config = find("tokenizer_config.json");
    vocabulary = find("vocab.json");
    merges = find("merges.txt");
    has_lists = vocabulary.has_value() && merges.has_value();
    if (has_lists || tokenizer) return;
    throw Error(ErrorKind::model,
                printable(dir.native()) + ": neither vocab.json with merges.txt nor tokenizer.json is there");
  }
  std::optional<std::filesystem::path> tokenizer, config, vocabulary, merges;
  bool has_lists = false;  // then they are the source: tokenizer.json takes longer to read
};

std::vector<std::string> read_tokens(const std::filesystem::path& path) {
  VocabularyReader reader(path.native());
  io::visit_json(io::read_whole(path, kMaxVocabularyBytes), path.native(), {}, reader);
  return reader.take();
}

// Adds the tokens that are not yet there with the same id; make_vocabulary refuses the contradictions.
void add_tokens(std::vector<AddedToken>& added, std::vector<AddedToken> more) {
  const auto by_id = [](const AddedToken& a, const AddedToken& b) {
    return a.id != b.id ? a.id < b.id : a.content < b.content;
  };
  const auto equal = [](const AddedToken& a, const AddedToken& b) { return a.id == b.id && a.content == b.content; };
  added.insert(added.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  std::sort(added.begin(), added.end(), by_id);
  added.erase(std::unique(added.begin(), added.end(), equal), added.end());
}

Normalization read_tokenizer(const std::filesystem::path& path, VocabularyPart part, VocabularyFiles& vocabulary) {
  const std::string& source = path.native();
  TokenizerJson json = read_tokenizer_json(path, part);
  const io::Json settings(std::move(json.settings));
  check_model(io::Json(std::move(json.model_settings)), source);
  check_pre_tokenizer(settings, source);
  check_post_processor(settings, source);
  vocabulary.tokens = std::move(json.tokens);
  vocabulary.merges = std::move(json.merges);
  vocabulary.tokens_source = source + ": model.vocab";
  vocabulary.merges_source = source + ": model.merges";
  vocabulary.added = read_added_tokens(settings, source);
  vocabulary.added_source = source;
  return read_normalizer(settings, source);
}

void read_merges(const std::filesystem::path& path, VocabularyFiles& vocabulary) {
  vocabulary.merges_source = path.native();
  vocabulary.merges = read_merge_lines(io::read_whole(path, kMaxVocabularyBytes), vocabulary.merges_source);
}

void read_config(const std::filesystem::path& path, VocabularyFiles& vocabulary) {
  const std::string& source = path.native();
  const io::Json config = io::parse_json(io::read_whole(path, kMaxConfigBytes), source);
  check_config(config, source);
  add_tokens(vocabulary.added, read_added_tokens_decoder(config, source));
  vocabulary.added_source += (vocabulary.added_source.empty() ? "" : " and ") + source;
}

}  // namespace

// vocab.json and SentencePiece take about half of the time each, so each gets a thread.
TokenizerDefinition read_definition(const std::filesystem::path& dir) {
  const Files files(dir);
  std::future<std::vector<std::string>> tokens;
  if (files.has_lists) tokens = std::async([&files] { return read_tokens(*files.vocabulary); });
  VocabularyFiles read;
  Normalization normalization = Normalization::nfc;
  if (files.tokenizer) {
    const VocabularyPart part = files.has_lists ? VocabularyPart::skip : VocabularyPart::read;
    normalization = read_tokenizer(*files.tokenizer, part, read);
  }
  if (files.has_lists) read_merges(*files.merges, read);
  std::future<Bpe> bpe = std::async([&merges = read.merges] { return Bpe(merges); });
  if (files.config) read_config(*files.config, read);
  if (files.has_lists) {
    read.tokens_source = files.vocabulary->native();
    read.tokens = tokens.get();
  }
  Vocabulary vocabulary = make_vocabulary(read);  // first, for its errors say what is wrong with the merges
  return {std::move(vocabulary), bpe.get(), normalization};
}

}  // namespace zimage::text
