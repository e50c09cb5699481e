// Positions by name over a list that holds the names elsewhere: 16 bytes an entry, and no hostile set of names makes it
// slow, as a hash table's buckets or a tree of 2 million nodes would be.
#pragma once

#include "base/huge_pages.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

namespace zimage {

class NameIndex {
 public:
  NameIndex() = default;

  // name_at(i) is the i-th of `count` names.
  template <class NameAt>
  NameIndex(std::size_t count, const NameAt& name_at) {
    HugeVector<Entry> entries;
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) entries.push_back({hash(name_at(i)), i});
    const auto before = [&](const Entry& a, const Entry& b) {
      return a.hash != b.hash ? a.hash < b.hash : name_at(a.position) < name_at(b.position);
    };
    const std::vector<std::size_t> ends = spread(entries);
    for (std::size_t part = 0, start = 0; part < ends.size(); start = ends[part++]) {
      std::sort(entries_.begin() + offset(start), entries_.begin() + offset(ends[part]), before);
    }
  }

  // The position of one of the entries with this name.
  template <class NameAt>
  std::optional<std::size_t> find(std::string_view name, const NameAt& name_at) const {
    const std::size_t wanted = hash(name);
    const auto found = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.hash != wanted ? entry.hash < wanted : name_at(entry.position) < name;
    });
    if (found == entries_.end() || found->hash != wanted || name_at(found->position) != name) return std::nullopt;
    return found->position;
  }

  // The position of a name that stands there more than once.
  template <class NameAt>
  std::optional<std::size_t> duplicate(const NameAt& name_at) const {
    const auto found = std::adjacent_find(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
      return a.hash == b.hash && name_at(a.position) == name_at(b.position);
    });
    if (found == entries_.end()) return std::nullopt;
    return found->position;
  }

 private:
  struct Entry {
    std::size_t hash;
    std::size_t position;
  };
  static constexpr int kPartBits = 8;  // 2^8 entries in a part, about
  static std::ptrdiff_t offset(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }

  // Fills entries_ part by part, by the hash's upper bits; the parts' ends. A part that is sorted alone stays in the
  // cache, unless somebody chose the names for one hash: then it is as large as all of them.
  std::vector<std::size_t> spread(const HugeVector<Entry>& entries) {
    constexpr int kHashBits = std::numeric_limits<std::size_t>::digits;
    const int bits = std::max(static_cast<int>(std::bit_width(entries.size())) - kPartBits, 1);
    const auto part_of = [&](const Entry& entry) { return entry.hash >> (kHashBits - bits); };
    std::vector<std::size_t> next(std::size_t{1} << bits);
    for (const Entry& entry : entries) ++next[part_of(entry)];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), std::size_t{0});
    entries_.resize(entries.size());
    for (const Entry& entry : entries) entries_[next[part_of(entry)]++] = entry;
    return next;
  }

  static std::size_t hash(std::string_view name) { return std::hash<std::string_view>()(name); }

  HugeVector<Entry> entries_;  // by hash, then by name
};

}  // namespace zimage
