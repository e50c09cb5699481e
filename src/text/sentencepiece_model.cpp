#include "text/sentencepiece_model.h"

#include "text/byte_alphabet.h"

#include <array>
#include <bit>
#include <cstdint>
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
    static_assert(std::endian::native == std::endian::little);
    const auto little_endian = std::bit_cast<std::array<char, sizeof value>>(value);
    bytes_.append(little_endian.data(), little_endian.size());
    return *this;
  }
  Message& message(std::uint32_t field, const Message& value) { return text(field, value.bytes_); }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
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

std::string make_sentencepiece_model(const MergeList& merges) {
  Message model, part;
  model.reserve(merges.size() * 32);
  const auto add_piece = [&](std::string_view text, float score) {
    part.clear();
    model.message(model::kPieces, part.text(piece::kText, text).real(piece::kScore, score));
  };
  for (unsigned byte = 0; byte < 256; ++byte) add_piece(byte_name(static_cast<std::uint8_t>(byte)), 0);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    add_piece(merges.joined(i), -static_cast<float>(i));  // exact: there are fewer than 2^24
  }
  part.clear();
  model.message(model::kPieces, part.text(piece::kText, kUnknownPiece).number(piece::kType, kPieceTypeUnknown));
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
