// The merges of a byte-pair encoding as their file lists them, lowest rank first.
#pragma once

#include "base/huge_pages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zimage::text {

class MergeList {
 public:
  void add(std::string_view left, std::string_view right) {
    const auto narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };  // files have some MB
    merges_.push_back({narrow(parts_.size()), narrow(left.size()), narrow(right.size())});
    const std::size_t begin = parts_.size();
    parts_.resize(begin + left.size() + right.size());
    std::copy(left.begin(), left.end(), parts_.begin() + static_cast<std::ptrdiff_t>(begin));
    std::copy(right.begin(), right.end(), parts_.end() - static_cast<std::ptrdiff_t>(right.size()));
  }

  // Room for so many merges with parts of a usual length.
  void reserve(std::size_t merges) {
    merges_.reserve(merges);
    parts_.reserve(merges * 16);
  }

  bool operator==(const MergeList&) const = default;

  std::size_t size() const { return merges_.size(); }
  std::string_view left(std::size_t i) const { return view(merges_[i].begin, merges_[i].left_bytes); }
  std::string_view right(std::size_t i) const {
    return view(merges_[i].begin + merges_[i].left_bytes, merges_[i].right_bytes);
  }
  std::string_view joined(std::size_t i) const {
    return view(merges_[i].begin, merges_[i].left_bytes + merges_[i].right_bytes);
  }

 private:
  struct Merge {
    bool operator==(const Merge&) const = default;
    std::uint32_t begin, left_bytes, right_bytes;
  };
  std::string_view view(std::size_t begin, std::size_t bytes) const { return {parts_.data() + begin, bytes}; }

  HugeVector<char> parts_;
  HugeVector<Merge> merges_;
};

}  // namespace zimage::text
