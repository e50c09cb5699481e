// Positions by name over a list that holds the names elsewhere: 16 bytes an entry, and no hostile set of names makes it
// slow, as a hash table's buckets or a tree of 2 million nodes would be.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
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
    entries_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) entries_.push_back({hash(name_at(i)), i});
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
      return a.hash != b.hash ? a.hash < b.hash : name_at(a.position) < name_at(b.position);
    });
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
  static std::size_t hash(std::string_view name) { return std::hash<std::string_view>()(name); }

  std::vector<Entry> entries_;  // by hash, then by name
};

}  // namespace zimage
