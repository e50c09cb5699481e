#include "text/bpe.h"

#include "zimage/error.h"

#include "text/byte_alphabet.h"
#include "text/sentencepiece_model.h"

#include <sentencepiece_processor.h>

#include <string>
#include <utility>

namespace zimage::text {

class Bpe::Impl {
 public:
  explicit Impl(const Vocabulary& vocabulary) {
    SentencePieceModel model = make_sentencepiece_model(vocabulary);
    check(processor_.LoadFromSerializedProto(model.serialized));
    token_ids_ = std::move(model.token_ids);
  }

  std::vector<std::int32_t> encode(std::string_view bytes) const {
    std::vector<int> pieces;
    check(processor_.Encode(to_byte_names(bytes), &pieces));
    for (int& piece : pieces) piece = token_ids_[static_cast<std::size_t>(piece)];
    return pieces;
  }

 private:
  static void check(const sentencepiece::util::Status& status) {
    if (!status.ok()) throw Error(ErrorKind::internal, "SentencePiece: " + status.ToString());
  }

  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::int32_t> token_ids_;
};

Bpe::Bpe(const Vocabulary& vocabulary) : impl_(std::make_unique<Impl>(vocabulary)) {}
Bpe::~Bpe() = default;
Bpe::Bpe(Bpe&&) noexcept = default;
Bpe& Bpe::operator=(Bpe&&) noexcept = default;

std::vector<std::int32_t> Bpe::encode(std::string_view bytes) const { return impl_->encode(bytes); }

}  // namespace zimage::text
