#include "text/nfc.h"

#include "base/text.h"
#include "text/unicode.h"
#include "text/unicode_tables.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace zimage::text {
namespace {

// Hangul syllables are arithmetic: leading consonant, vowel, trailing consonant (Unicode, section 3.12).
constexpr char32_t kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
constexpr char32_t kLeadingCount = 19, kVowelCount = 21, kTrailingCount = 28;
constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

struct Char {
  char32_t code_point;
  std::uint8_t combining_class;
};

std::uint8_t combining_class(char32_t c) {
  const auto ranges = combining_ranges();
  if (c < ranges.front().first) return 0;
  const auto range = std::partition_point(ranges.begin(), ranges.end(), [c](const auto& r) { return r.last < c; });
  return range != ranges.end() && range->first <= c ? range->combining_class : 0;
}

const Decomposition* find_decomposition(char32_t c) {
  const auto table = decompositions();
  if (c < table.front().composed) return nullptr;
  const auto entry = std::partition_point(table.begin(), table.end(), [c](const auto& d) { return d.composed < c; });
  return entry != table.end() && entry->composed == c ? &*entry : nullptr;
}

void append_decomposed(std::vector<Char>& chars, char32_t c) {
  if (c >= kSyllables && c < kSyllables + kSyllableCount) {
    const char32_t index = c - kSyllables;
    const char32_t trailing = index % kTrailingCount;
    chars.push_back({kLeading + index / (kVowelCount * kTrailingCount), 0});
    chars.push_back({kVowels + index / kTrailingCount % kVowelCount, 0});
    if (trailing > 0) chars.push_back({kTrailing + trailing, 0});
    return;
  }
  const Decomposition* entry = find_decomposition(c);
  if (!entry) {
    chars.push_back({c, combining_class(c)});
    return;
  }
  append_decomposed(chars, entry->first);  // a few levels deep at most; second parts never decompose
  if (entry->second != 0) chars.push_back({entry->second, combining_class(entry->second)});
}

std::vector<Char> decompose(std::string_view text) {
  std::vector<Char> chars;
  chars.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char next = first_utf8_char(text);
    append_decomposed(chars, next.code_point);
    text.remove_prefix(next.bytes);
  }
  return chars;
}

// Sorts each run of combining characters by class.
void reorder(std::vector<Char>& chars) {
  const auto is_starter = [](const Char& c) { return c.combining_class == 0; };
  for (auto begin = chars.begin(); begin != chars.end();) {
    const auto end = std::find_if(begin, chars.end(), is_starter);
    std::stable_sort(begin, end, [](const Char& a, const Char& b) { return a.combining_class < b.combining_class; });
    begin = std::find_if_not(end, chars.end(), is_starter);
  }
}

char32_t compose_hangul(char32_t first, char32_t second) {
  if (first >= kLeading && first < kLeading + kLeadingCount && second >= kVowels && second < kVowels + kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + (second - kVowels)) * kTrailingCount;
  }
  const bool open_syllable =
      first >= kSyllables && first < kSyllables + kSyllableCount && (first - kSyllables) % kTrailingCount == 0;
  if (open_syllable && second > kTrailing && second < kTrailing + kTrailingCount) return first + (second - kTrailing);
  return 0;
}

// The character that the pair composes to, or 0.
char32_t compose(char32_t first, char32_t second) {
  if (const char32_t syllable = compose_hangul(first, second)) return syllable;
  const auto table = decompositions();
  const auto order = composition_order();
  const auto at = std::partition_point(order.begin(), order.end(), [&](std::uint16_t i) {
    return table[i].first != first ? table[i].first < first : table[i].second < second;
  });
  const bool found = at != order.end() && table[*at].first == first && table[*at].second == second;
  return found ? table[*at].composed : 0;
}

// Joins each starter with what follows it and is not blocked by a character of the same or a higher class.
void recompose(std::vector<Char>& chars) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t starter = kNone, kept = 0;
  int last_class = -1;  // of what was kept since the starter; -1: nothing was
  for (const Char c : chars) {
    if (starter != kNone && last_class < static_cast<int>(c.combining_class)) {
      if (const char32_t composed = compose(chars[starter].code_point, c.code_point)) {
        chars[starter].code_point = composed;
        continue;
      }
    }
    last_class = c.combining_class;
    if (c.combining_class == 0) {
      starter = kept;
      last_class = -1;
    }
    chars[kept++] = c;
  }
  chars.resize(kept);
}

// No character below U+0300 combines or decomposes to anything but itself; they start with bytes below 0xCC.
bool is_nfc_at_sight(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0xCC; });
}

}  // namespace

std::string to_nfc(std::string_view text) {
  if (is_nfc_at_sight(text)) return std::string(text);
  std::vector<Char> chars = decompose(text);
  reorder(chars);
  recompose(chars);
  std::string normalized;
  normalized.reserve(text.size());
  for (const Char& c : chars) append_utf8(normalized, c.code_point);
  return normalized;
}

}  // namespace zimage::text
