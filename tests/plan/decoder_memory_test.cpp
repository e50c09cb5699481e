// A decode finds its maps in what it claims beforehand: its tensors in the order in which models/vae makes them, in
// memory that is handed out as a GPU's is. The middle's attention is by chunks there, which no CPU runs.
#include "plan/decoder_memory.h"

#include "plan/full_model.h"
#include "support/caching_allocator.h"

#include <gtest/gtest.h>

#include <random>

namespace zimage {
namespace {

using plan::LatentSize;
using test::CachingAllocator;
using test::kMiB;
using Handle = CachingAllocator::Handle;

constexpr std::int64_t kElement = 2;                                     // bytes
constexpr std::int64_t kChannels[]{512, 512, 256, 128};                  // of the levels, the deepest first
constexpr std::int64_t kRounding = 2 * static_cast<std::int64_t>(kMiB);  // of a segment

class Decode {
 public:
  Decode(LatentSize latents, std::int64_t cap) : latents_(latents), memory_(cap) {}

  void whole() {
    const std::int64_t largest = plan::largest_map(config_, latents_) * kElement;
    claim({largest, largest});
    auto [x, branch] = start();
    std::int64_t pixels = latents_.pixels();
    for (int level = 1; level < 4; ++level) {
      const std::int64_t in = kChannels[level - 1], out = kChannels[level];
      pixels *= 4;
      Handle larger = map(in, pixels);
      release({&x, &branch});
      x = map(in, pixels);
      release({&larger});
      for (int block = 0; block < 3; ++block) {
        if (block > 0) release({&branch});
        if (block == 0 && in != out) {
          Handle shortcut = map(out, pixels), hidden = map(out, pixels);
          release({&x});
          branch = map(out, pixels);
          release({&hidden});
          x = shortcut;
        } else {
          branch = resnet(out, pixels);
        }
      }
    }
    release({&branch});
    Handle normed = map(kChannels[3], pixels);
    release({&x});
    Handle rgb = map(3, pixels);
    release({&normed, &rgb});
  }

  void strips(std::int64_t rows) {
    const plan::StripMemory memory = plan::strip_memory(config_, latents_, rows);
    claim({plan::strips_bytes(config_, latents_, rows, kElement)});
    Handle first = memory_.take(memory.first * kElement);
    auto [x, branch] = start();
    release({&x, &branch});
    Handle buffer = memory_.take(memory.buffer * kElement);
    std::int64_t height = latents_.height, width = latents_.width;
    for (int level = 1; level < 4; ++level) {
      const std::int64_t in = kChannels[level - 1], out = kChannels[level];
      height *= 2;
      width *= 2;
      const std::int64_t strip = std::min(rows, height);
      Handle larger = map(in, (2 * std::max<std::int64_t>(strip / 2, 1) + 4) * width);
      release({&larger, &first});
      for (int block = 0; block < 3; ++block) {
        if (block == 0 && in != out) sweep(in, out, strip, width);
        sweep(out, out, strip, width);
      }
    }
    Handle rgb = map(3, height * width);
    release({&buffer, &rgb});
  }

  std::int64_t reserved() const { return memory_.reserved(); }

 private:
  struct Sum {
    Handle x, branch;
  };

  Handle map(std::int64_t channels, std::int64_t pixels) { return memory_.take(channels * pixels * kElement); }
  void release(std::initializer_list<Handle*> handles) {
    for (Handle* handle : handles) memory_.give_back(*handle);
  }
  void claim(std::initializer_list<std::int64_t> sizes) {
    std::vector<Handle> claimed;
    for (const std::int64_t bytes : sizes) claimed.push_back(memory_.take(bytes));
    for (Handle& handle : claimed) memory_.give_back(handle);
  }

  Handle resnet(std::int64_t channels, std::int64_t pixels) {
    Handle normed = map(channels, pixels), hidden = map(channels, pixels);
    release({&normed});
    Handle branch = map(channels, pixels);
    release({&hidden});
    return branch;
  }
  void sweep(std::int64_t in, std::int64_t out, std::int64_t strip, std::int64_t width) {
    Handle window = map(in, (strip + 2) * width), result = map(out, strip * width);
    release({&result, &window});
  }

  // The middle, and the first level but for its last sum.
  Sum start() {
    const std::int64_t pixels = latents_.pixels(), channels = kChannels[0];
    Sum sum{map(channels, pixels), {}};
    sum.branch = resnet(channels, pixels);
    release({&sum.branch});
    attention(channels, pixels);
    for (int block = 0; block < 4; ++block) {
      release({&sum.branch});
      sum.branch = resnet(channels, pixels);
    }
    return sum;
  }
  void attention(std::int64_t channels, std::int64_t pixels) {
    Handle normed = map(channels, pixels), q = map(channels, pixels), k = map(channels, pixels),
           v = map(channels, pixels), mixed = map(channels, pixels);
    const std::int64_t queries = std::max<std::int64_t>((1 << 26) / pixels, 2048);
    for (std::int64_t done = 0; done < pixels; done += queries) {
      const std::int64_t scores = std::min(queries, pixels - done) * pixels;
      Handle exact = memory_.take(4 * scores), weights = memory_.take(kElement * scores);
      release({&exact, &weights});
    }
    release({&q, &k, &v});
    Handle out = map(channels, pixels);
    release({&mixed, &normed, &out});
  }

  VaeConfig config_ = test::full_shape().vae;
  LatentSize latents_;
  CachingAllocator memory_;
};

void expect_found(LatentSize latents, std::int64_t strip_rows) {
  SCOPED_TRACE(std::to_string(8 * latents.width) + "x" + std::to_string(8 * latents.height) + ", strips of " +
               std::to_string(strip_rows));
  const VaeConfig config = test::full_shape().vae;
  const std::int64_t claimed = strip_rows > 0 ? plan::strips_bytes(config, latents, strip_rows, kElement) + kRounding
                                              : 2 * (plan::largest_map(config, latents) * kElement + kRounding);
  Decode decode(latents, std::max<std::int64_t>(claimed, 20 * kMiB));
  try {
    strip_rows > 0 ? decode.strips(strip_rows) : decode.whole();
  } catch (const CachingAllocator::OutOfMemory&) {
    ADD_FAILURE() << "memory for " << claimed / kMiB << " MiB of maps, but in pieces";
  }
}

// Images that ran out of memory on a GPU: the middle's scores did not fit beside its maps in either of two pieces.
TEST(DecoderMemory, strips_find_the_middle_in_one_piece) {
  for (const LatentSize& latents :
       {LatentSize{90, 100}, LatentSize{166, 38}, LatentSize{160, 74}, LatentSize{116, 106}, LatentSize{212, 58}}) {
    for (const std::int64_t rows : {256, 128, 64}) expect_found(latents, rows);
  }
}

TEST(DecoderMemory, every_decode_finds_its_maps) {
  std::mt19937 random(7);
  const auto side = [&] { return 2 * static_cast<std::int64_t>(8 + random() % 121); };
  for (int i = 0; i < 500; ++i) {
    const LatentSize latents{side(), side()};
    for (const std::int64_t rows : {0, 256, 128, 64}) expect_found(latents, rows);
  }
}

}  // namespace
}  // namespace zimage
