#include "text/sentencepiece_model.h"

#include "text/byte_alphabet.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace zimage::text {
namespace {

// A name that no bytes can have, since byte names hold no space; "<unk>" is an ordinary token of such vocabularies.
constexpr std::string_view kUnknownPiece = "no such piece";

constexpr std::uint32_t kPieceTypeUnknown = 2;  // a piece without a type is a normal one
constexpr std::uint32_t kModelTypeBpe = 2;

// Field numbers of sentencepiece_model.proto.
namespace model {
constexpr std::uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
}
namespace piece {
constexpr std::uint32_t kText = 1, kScore = 2, kType = 3;
}
namespace trainer {
constexpr std::uint32_t kModelType = 3, kUnknownPiece = 45;
}
namespace normalizer {
constexpr std::uint32_t kName = 1, kAddDummyPrefix = 3, kRemoveExtraSpaces = 4, kEscapeSpaces = 5;
}

// Grows by doubling, and writes behind its end without a call per byte: a model has 151,000 pieces.
class Message {
 public:
  explicit Message(std::size_t expected_bytes = 64) : bytes_(expected_bytes) {}

  Message& number(std::uint32_t field, std::uint32_t value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  Message& text(std::uint32_t field, std::string_view value) {
    start(field, value.size());
    std::memcpy(extend(value.size()), value.data(), value.size());
    return *this;
  }
  Message& real(std::uint32_t field, float value) {
    key(field, 5);
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(extend(sizeof value), &value, sizeof value);
    return *this;
  }
  Message& message(std::uint32_t field, const Message& value) {
    return text(field, std::string_view(value.bytes_.data(), value.size_));
  }
  // A text or message of so many bytes, which the caller writes next.
  Message& start(std::uint32_t field, std::size_t bytes) {
    key(field, 2);
    varint(static_cast<std::uint32_t>(bytes));
    return *this;
  }
  HugeVector<char> take() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3 | wire_type); }
  void varint(std::uint32_t value) {
    for (; value >= 0x80; value >>= 7) *extend(1) = static_cast<char>(value | 0x80);
    *extend(1) = static_cast<char>(value);
  }
  char* extend(std::size_t bytes) {
    if (bytes_.size() - size_ < bytes) bytes_.resize(2 * (bytes_.size() + bytes));
    size_ += bytes;
    return bytes_.data() + size_ - bytes;
  }

  HugeVector<char> bytes_;  // of which size_ are written
  std::size_t size_ = 0;
};

// Of a field with this text, by the wire format: key, length, text.
std::size_t text_field_bytes(std::size_t text_bytes) {
  return 1 + (static_cast<std::size_t>(std::bit_width(text_bytes | 1)) + 6) / 7 + text_bytes;
}

}  // namespace

HugeVector<char> make_sentencepiece_model(const MergeList& merges) {
  Message model(merges.size() * 24);
  constexpr std::size_t kScoreBytes = 1 + sizeof(float);
  const auto add_piece = [&model](std::string_view text, float score) {
    model.start(model::kPieces, text_field_bytes(text.size()) + kScoreBytes);
    model.text(piece::kText, text).real(piece::kScore, score);
  };
  for (unsigned byte = 0; byte < 256; ++byte) add_piece(byte_name(static_cast<std::uint8_t>(byte)), 0);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    add_piece(merges.joined(i), -static_cast<float>(i));  // exact: there are fewer than 2^24
  }
  model.message(model::kPieces, Message().text(piece::kText, kUnknownPiece).number(piece::kType, kPieceTypeUnknown));
  model.message(model::kTrainer,
                Message().number(trainer::kModelType, kModelTypeBpe).text(trainer::kUnknownPiece, kUnknownPiece));
  model.message(model::kNormalizer, Message()
                                        .text(normalizer::kName, "identity")
                                        .number(normalizer::kAddDummyPrefix, 0)
                                        .number(normalizer::kRemoveExtraSpaces, 0)
                                        .number(normalizer::kEscapeSpaces, 0));
  return model.take();
}

}  // namespace zimage::text
