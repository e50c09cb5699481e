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
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::text {
namespace {

constexpr std::uint64_t kMaxListBytes = 32 << 20, kMaxConfigBytes = 4 << 20;

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
  io::visit_json(io::read_whole(path, kMaxListBytes), path.native(), {}, reader);
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

Normalization apply_settings(TokenizerJson json, const std::string& source, VocabularyFiles& vocabulary) {
  const io::Json settings(std::move(json.settings));
  check_model(io::Json(std::move(json.model_settings)), source);
  check_pre_tokenizer(settings, source);
  check_post_processor(settings, source);
  vocabulary.added = read_added_tokens(settings, source);
  vocabulary.added_source = source;
  return read_normalizer(settings, source);
}

// `merges` is what merges.txt holds.
Normalization read_lists(const Files& files, std::string_view merges, VocabularyFiles& vocabulary) {
  Normalization normalization = Normalization::nfc;
  if (files.tokenizer) {
    normalization = apply_settings(read_tokenizer_settings(*files.tokenizer), files.tokenizer->native(), vocabulary);
  }
  vocabulary.merges_source = files.merges->native();
  vocabulary.merges = read_merge_lines(merges, vocabulary.merges_source);
  vocabulary.tokens_source = files.vocabulary->native();
  vocabulary.tokens = read_tokens(*files.vocabulary);
  return normalization;
}

// `text` is what tokenizer.json holds.
Normalization read_tokenizer(const Files& files, std::string_view text, VocabularyFiles& vocabulary) {
  const std::string& source = files.tokenizer->native();
  TokenizerJson json = read_tokenizer_json(text, source);
  vocabulary.tokens = std::move(json.tokens);
  vocabulary.merges = std::move(json.merges);
  vocabulary.tokens_source = source + ": model.vocab";
  vocabulary.merges_source = source + ": model.merges";
  return apply_settings(std::move(json), source, vocabulary);
}

void read_config(const std::filesystem::path& path, VocabularyFiles& vocabulary) {
  const std::string& source = path.native();
  const io::Json config = io::parse_json(io::read_whole(path, kMaxConfigBytes), source);
  check_config(config, source);
  add_tokens(vocabulary.added, read_added_tokens_decoder(config, source));
  vocabulary.added_source += (vocabulary.added_source.empty() ? "" : " and ") + source;
}

struct Checked {
  Vocabulary vocabulary;
  MergeList merges;
  Normalization normalization = Normalization::nfc;
};

// `text` is what the file with the merges holds.
Checked read_and_check(const Files& files, std::string_view text) {
  VocabularyFiles read;
  const Normalization normalization =
      files.has_lists ? read_lists(files, text, read) : read_tokenizer(files, text, read);
  if (files.config) read_config(*files.config, read);
  Vocabulary vocabulary = make_vocabulary(read);
  return {std::move(vocabulary), std::move(read.merges), normalization};
}

struct Guess {
  MergeList merges;
  Bpe bpe;
};

// The merges as they seem to be and an encoding by them; nothing where something is wrong with them.
std::optional<Guess> guess_bpe(const Files& files, std::string_view text) {
  try {
    MergeList merges = files.has_lists ? read_merge_lines(text, "") : guess_json_merges(text);
    Bpe bpe(merges);
    return Guess{std::move(merges), std::move(bpe)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

// SentencePiece takes as long as all the rest. So it starts at once, with the merges as they seem to be, while another
// thread reads all files and checks them; only what that one says counts. This thread has the part that allocates most,
// because the C library serves small allocations faster to a program's first thread.
TokenizerDefinition read_definition(const std::filesystem::path& dir) {
  const Files files(dir);
  const HugeVector<char> file = files.has_lists ? io::read_large(*files.merges, kMaxListBytes)
                                                : io::read_large(*files.tokenizer, kMaxTokenizerJsonBytes);
  const std::string_view text(file.data(), file.size());
  std::future<Checked> checking = std::async(std::launch::async, [&] { return read_and_check(files, text); });
  std::optional<Guess> guess = guess_bpe(files, text);
  Checked checked = checking.get();
  const bool is_right = guess && guess->merges == checked.merges;
  return {std::move(checked.vocabulary), is_right ? std::move(guess->bpe) : Bpe(checked.merges), checked.normalization};
}

}  // namespace zimage::text
