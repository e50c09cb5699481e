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
  explicit Impl(const MergeList& merges) {
    const HugeVector<char> model = make_sentencepiece_model(merges);
    check(processor_.LoadFromSerializedProto(std::string_view(model.data(), model.size())));
  }

  std::vector<std::int32_t> encode(std::string_view bytes) const {
    std::vector<std::int32_t> pieces;
    check(processor_.Encode(to_byte_names(bytes), &pieces));
    return pieces;
  }

 private:
  static void check(const sentencepiece::util::Status& status) {
    if (!status.ok()) throw Error(ErrorKind::internal, "SentencePiece: " + status.ToString());
  }

  sentencepiece::SentencePieceProcessor processor_;
};

Bpe::Bpe(const MergeList& merges) : impl_(std::make_unique<Impl>(merges)) {}
Bpe::~Bpe() = default;
Bpe::Bpe(Bpe&&) noexcept = default;
Bpe& Bpe::operator=(Bpe&&) noexcept = default;

std::vector<std::int32_t> Bpe::encode(std::string_view bytes) const { return impl_->encode(bytes); }

}  // namespace zimage::text
