// The merges of a byte-pair encoding as their file lists them, lowest rank first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::text {

class MergeList {
 public:
  void add(std::string_view left, std::string_view right) {
    const std::size_t begin = parts_.size();
    parts_.append(left).append(right);
    merges_.push_back({begin, left.size(), right.size()});
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
    std::size_t begin, left_bytes, right_bytes;
  };
  std::string_view view(std::size_t begin, std::size_t bytes) const { return {parts_.data() + begin, bytes}; }

  std::string parts_;
  std::vector<Merge> merges_;
};

}  // namespace zimage::text
