#include "plan/decoder_memory.h"

#include <algorithm>

namespace zimage::plan {
namespace {

constexpr std::int64_t kFloat = 4;  // bytes
// The middle's attention works on chunks of scores in float32, and their 16-bit copy (models/vae/attention.cpp).
constexpr std::int64_t kChunkScores = 1 << 26, kMinChunkQueries = 2048;
// Maps that live beside them: x, normed, q, k, v, mixed; and one for what lies between them in pieces.
constexpr std::int64_t kMiddleMaps = 7;

}  // namespace

std::int64_t largest_map(const VaeConfig& config, LatentSize latents) {
  std::int64_t largest = 0, pixels = latents.pixels();
  for (auto channels = config.block_out_channels.rbegin(); channels + 1 < config.block_out_channels.rend();
       ++channels) {
    pixels *= 4;
    largest = std::max(largest, *channels * pixels);
  }
  return largest;
}

StripMemory strip_memory(const VaeConfig& config, LatentSize latents, std::int64_t rows) {
  StripMemory memory{.first = config.block_out_channels.back() * latents.pixels()};
  const auto need = [&](std::int64_t buffer, std::int64_t beside) {
    memory.buffer = std::max(memory.buffer, buffer);
    memory.beside = std::max(memory.beside, beside);
  };
  const auto& channels = config.block_out_channels;  // the deepest level is the last one
  std::int64_t height = latents.height, width = latents.width;
  for (std::size_t level = channels.size() - 1; level-- > 0;) {
    height *= 2;
    width *= 2;
    const std::int64_t in_row = channels[level + 1] * width, out_row = channels[level] * width;
    const std::int64_t in = in_row * height, out = out_row * height, strip = std::min(rows, height);
    const std::int64_t source_rows = std::max<std::int64_t>(strip / 2, 1);
    need(in, (2 * source_rows + 4) * in_row);
    if (in_row != out_row) {
      const bool fits_over = 2 * out_row <= in_row;  // the pairs of results lie over x, or else behind it
      need(std::max(in, (fits_over ? 0 : in) + 2 * out), (strip + 2) * in_row + strip * out_row);
    }
    need(2 * out, (strip + 2) * out_row + strip * out_row);
  }
  return memory;
}

std::int64_t middle_bytes(const VaeConfig& config, LatentSize latents, std::int64_t element) {
  const std::int64_t pixels = std::max<std::int64_t>(latents.pixels(), 1);
  const std::int64_t queries = std::min(std::max(kChunkScores / pixels, kMinChunkQueries), pixels);
  return kMiddleMaps * config.block_out_channels.back() * pixels * element + queries * pixels * (kFloat + element);
}

std::int64_t strips_bytes(const VaeConfig& config, LatentSize latents, std::int64_t rows, std::int64_t element) {
  const StripMemory memory = strip_memory(config, latents, rows);
  return memory.first * element +
         std::max((memory.buffer + memory.beside) * element, middle_bytes(config, latents, element));
}

}  // namespace zimage::plan
