// The rules by which c10's caching allocator finds memory on a GPU (c10/cuda/CUDACachingAllocator.cpp), on numbers
// alone: who asks for 300 MiB where 400 are free in two pieces gets nothing. Pieces of up to 1 MiB are not followed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>

namespace zimage::test {

class CachingAllocator {
  struct Piece {
    std::int64_t bytes = 0;
    bool is_free = true;
    int segment = 0;
  };

 public:
  // In the order of addresses; a segment's pieces follow each other.
  using Pieces = std::list<Piece>;
  using Handle = std::optional<Pieces::iterator>;  // nothing: a small piece

  // cap: of all segments together, as set_per_process_memory_fraction caps them.
  explicit CachingAllocator(std::int64_t cap) : cap_(cap) {}

  // Throws OutOfMemory.
  struct OutOfMemory {};
  Handle take(std::int64_t bytes) {
    bytes = (bytes + 511) / 512 * 512;
    if (bytes <= kMiB) return std::nullopt;
    auto best = best_fit(bytes);
    if (best == pieces_.end()) best = new_segment(bytes);
    if (best->bytes - bytes > kMiB) {
      pieces_.insert(std::next(best), {best->bytes - bytes, true, best->segment});
      best->bytes = bytes;
    }
    best->is_free = false;
    return best;
  }

  void give_back(Handle& handle) {
    if (!handle) return;
    auto piece = *handle;
    handle.reset();
    piece->is_free = true;
    const auto absorb_next = [&](Pieces::iterator into) {
      const auto next = std::next(into);
      if (next == pieces_.end() || !next->is_free || !into->is_free || next->segment != into->segment) return;
      into->bytes += next->bytes;
      pieces_.erase(next);
    };
    absorb_next(piece);
    if (piece != pieces_.begin()) absorb_next(std::prev(piece));
  }

  std::int64_t reserved() const { return reserved_; }

 private:
  static constexpr std::int64_t kMiB = 1 << 20;

  // The smallest free one that is large enough.
  Pieces::iterator best_fit(std::int64_t bytes) {
    auto best = pieces_.end();
    for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece) {
      if (!piece->is_free || piece->bytes < bytes) continue;
      if (best == pieces_.end() || piece->bytes < best->bytes) best = piece;
    }
    return best;
  }

  Pieces::iterator new_segment(std::int64_t bytes) {
    const std::int64_t segment = bytes < 10 * kMiB ? 20 * kMiB : (bytes + 2 * kMiB - 1) / (2 * kMiB) * (2 * kMiB);
    if (reserved_ + segment > cap_) release_cached();
    if (reserved_ + segment > cap_) throw OutOfMemory{};
    reserved_ += segment;
    return pieces_.insert(pieces_.end(), {segment, true, ++segments_});
  }

  // Segments of which nothing is in use: one free piece each.
  void release_cached() {
    for (auto piece = pieces_.begin(); piece != pieces_.end();) {
      const bool follows = piece != pieces_.begin() && std::prev(piece)->segment == piece->segment;
      const bool is_followed = std::next(piece) != pieces_.end() && std::next(piece)->segment == piece->segment;
      if (!piece->is_free || follows || is_followed) {
        ++piece;
        continue;
      }
      reserved_ -= piece->bytes;
      piece = pieces_.erase(piece);
    }
  }

  Pieces pieces_;
  std::int64_t cap_, reserved_ = 0;
  int segments_ = 0;
};

}  // namespace zimage::test
