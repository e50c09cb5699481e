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
#include <future>
#include <iterator>
#include <string>
#include <system_error>
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

bool is_there(const std::filesystem::path& path) {
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

// Where vocabulary and merges come from: the lists are read three times as fast as tokenizer.json.
enum class Layout { lists, json };

Layout choose_layout(const std::filesystem::path& dir, const Paths& paths) {
  if (is_there(paths.vocabulary) && is_there(paths.merges)) return Layout::lists;
  if (is_there(paths.tokenizer)) return Layout::json;
  throw Error(ErrorKind::model,
              printable(dir.native()) + ": neither vocab.json with merges.txt nor tokenizer.json is there");
}

Normalization read_tokenizer(const std::filesystem::path& path, Layout layout, VocabularyFiles& files) {
  const std::string& source = path.native();
  TokenizerJson json = read_tokenizer_json(path, layout == Layout::json ? VocabularyPart::read : VocabularyPart::skip);
  const io::Json settings(std::move(json.settings));
  check_model(io::Json(std::move(json.model_settings)), source);
  check_pre_tokenizer(settings, source);
  check_post_processor(settings, source);
  files.tokens = std::move(json.tokens);
  files.merges = std::move(json.merges);
  files.tokens_source = source + ": model.vocab";
  files.merges_source = source + ": model.merges";
  files.added = read_added_tokens(settings, source);
  files.added_source = source;
  return read_normalizer(settings, source);
}

void read_config(const std::filesystem::path& path, VocabularyFiles& files) {
  const std::string& source = path.native();
  const io::Json config = io::parse_json(io::read_whole(path, kMaxConfigBytes), source);
  check_config(config, source);
  add_tokens(files.added, read_added_tokens_decoder(config, source));
  files.added_source += (files.added_source.empty() ? "" : " and ") + source;
}

}  // namespace

// vocab.json and SentencePiece take about half of the time each, so they get a thread of their own.
TokenizerDefinition read_definition(const std::filesystem::path& dir) {
  const Paths paths(dir);
  const Layout layout = choose_layout(dir, paths);
  const bool has_lists = layout == Layout::lists;
  std::future<std::vector<std::string>> tokens;
  if (has_lists) tokens = std::async([&paths] { return read_tokens(paths.vocabulary); });
  VocabularyFiles files;
  Normalization normalization = Normalization::nfc;
  if (is_there(paths.tokenizer)) normalization = read_tokenizer(paths.tokenizer, layout, files);
  if (has_lists)
    files.merges = read_merge_lines(io::read_whole(paths.merges, kMaxVocabularyBytes), paths.merges.native());
  std::future<Bpe> bpe = std::async([&merges = files.merges] { return Bpe(merges); });
  if (is_there(paths.config)) read_config(paths.config, files);
  if (has_lists) {
    files.tokens_source = paths.vocabulary.native();
    files.merges_source = paths.merges.native();
    files.tokens = tokens.get();
  }
  Vocabulary vocabulary = make_vocabulary(files);  // first, for its errors say what is wrong with the merges
  return {std::move(vocabulary), bpe.get(), normalization};
}

}  // namespace zimage::text
