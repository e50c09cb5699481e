#include "text/definition.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/file.h"
#include "io/json_visitor.h"
#include "text/settings.h"
#include "text/tokenizer_json.h"
#include "text/vocabulary_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace zimage::text {
namespace {

constexpr std::uint64_t kMaxVocabularyBytes = 32 << 20, kMaxConfigBytes = 4 << 20;

struct Paths {
  explicit Paths(const std::filesystem::path& dir)
      : tokenizer(dir / "tokenizer.json"),
        config(dir / "tokenizer_config.json"),
        vocabulary(dir / "vocab.json"),
        merges(dir / "merges.txt") {}
  std::filesystem::path tokenizer, config, vocabulary, merges;
};

bool exists(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be examined is reported when it is opened
  return std::filesystem::symlink_status(path, ignored).type() != std::filesystem::file_type::not_found;
}

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

}  // namespace

TokenizerDefinition read_definition(const std::filesystem::path& dir) {
  const Paths paths(dir);
  const bool has_json = exists(paths.tokenizer);
  const bool has_lists = exists(paths.vocabulary) && exists(paths.merges);
  if (!has_json && !has_lists) {
    throw Error(ErrorKind::model,
                printable(dir.native()) + ": neither tokenizer.json nor vocab.json with merges.txt is there");
  }
  TokenizerDefinition definition;
  VocabularyFiles files;
  files.tokens_source = has_lists ? paths.vocabulary.native() : paths.tokenizer.native() + ": model.vocab";
  files.merges_source = has_lists ? paths.merges.native() : paths.tokenizer.native() + ": model.merges";
  files.added_source = (has_json ? paths.tokenizer : paths.config).native();
  if (has_json) {
    const std::string& source = paths.tokenizer.native();
    TokenizerJson json = read_tokenizer_json(paths.tokenizer, has_lists ? VocabularyPart::skip : VocabularyPart::read);
    const io::Json settings(std::move(json.settings));
    check_model(io::Json(std::move(json.model_settings)), source);
    check_pre_tokenizer(settings, source);
    check_post_processor(settings, source);
    definition.normalization = read_normalizer(settings, source);
    files.added = read_added_tokens(settings, source);
    files.tokens = std::move(json.tokens);
    files.merges = std::move(json.merges);
  }
  if (has_lists) {
    files.tokens = read_tokens(paths.vocabulary);
    files.merges = read_merge_lines(io::read_whole(paths.merges, kMaxVocabularyBytes), paths.merges.native());
  }
  if (exists(paths.config)) {
    const std::string& source = paths.config.native();
    const io::Json config = io::parse_json(io::read_whole(paths.config, kMaxConfigBytes), source);
    check_config(config, source);
    add_tokens(files.added, read_added_tokens_decoder(config, source));
  }
  definition.vocabulary = make_vocabulary(std::move(files));
  return definition;
}

}  // namespace zimage::text
