#include "text/sentencepiece_model.h"

#include <bit>
#include <string_view>

namespace zimage::text {
namespace {

// A name that no bytes can have, since byte names hold no space; "<unk>" is an ordinary token of such vocabularies.
constexpr std::string_view kUnknownPiece = "no such piece";

enum class PieceType : std::uint32_t { normal = 1, unknown = 2 };
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

class Message {
 public:
  Message& number(std::uint32_t field, std::uint32_t value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  Message& text(std::uint32_t field, std::string_view value) {
    key(field, 2);
    varint(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  Message& real(std::uint32_t field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xFF);
    return *this;
  }
  Message& message(std::uint32_t field, const Message& value) { return text(field, value.bytes_); }
  void clear() { bytes_.clear(); }
  std::string take() { return std::move(bytes_); }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3 | wire_type); }
  void varint(std::uint32_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace

SentencePieceModel make_sentencepiece_model(const Vocabulary& vocabulary) {
  SentencePieceModel result;
  Message model, part;
  const auto add_piece = [&](std::string_view text, float score, PieceType type, std::int32_t token_id) {
    part.clear();
    part.text(piece::kText, text).real(piece::kScore, score).number(piece::kType, static_cast<std::uint32_t>(type));
    model.message(model::kPieces, part);
    result.token_ids.push_back(token_id);
  };
  const auto text_of = [&](std::int32_t id) {
    return std::string_view(vocabulary.tokens[static_cast<std::size_t>(id)]);
  };

  add_piece(kUnknownPiece, 0, PieceType::unknown, -1);
  for (const std::int32_t id : vocabulary.byte_ids) add_piece(text_of(id), 0, PieceType::normal, id);
  float rank = 0;  // exact: there are fewer than 2^24 merges
  for (const std::int32_t id : vocabulary.merged_ids) add_piece(text_of(id), -(rank += 1), PieceType::normal, id);

  model.message(model::kTrainer,
                Message().number(trainer::kModelType, kModelTypeBpe).text(trainer::kUnknownPiece, kUnknownPiece));
  model.message(model::kNormalizer, Message()
                                        .text(normalizer::kName, "identity")
                                        .number(normalizer::kAddDummyPrefix, 0)
                                        .number(normalizer::kRemoveExtraSpaces, 0)
                                        .number(normalizer::kEscapeSpaces, 0));
  result.serialized = model.take();
  return result;
}

}  // namespace zimage::text
