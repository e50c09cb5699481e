#include "plan/activations.h"

#include "plan/tokens.h"

#include <algorithm>

namespace zimage::plan {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::int64_t kFloat = 4;  // bytes
// cuBLAS takes 32 MiB on Hopper and later, 8.125 MiB before (ATen's CUDAContextLight.cpp).
constexpr std::uint64_t kHopperWorkspace = 32 * kMiB, kWorkspace = 9 * kMiB;
// Pools of small blocks: 2 MiB for those below 1 MiB, 20 MiB for those below 10 (c10's CUDACachingAllocator).
constexpr std::uint64_t kSmallPools = 22 * kMiB;
// Attention as products and softmax, measured on an H200 at 4,224 and 16,512 tokens: bytes for each score of each head,
// and copies of the queries in float32.
constexpr std::int64_t kMathScoreBytes = 9, kMathCopies = 4;
// Prompts whose embeddings are kept.
constexpr std::int64_t kKeptPrompts = 8;
// The VAE's middle attention works on chunks of scores in float32, and their 16-bit copy (models/vae/attention.cpp).
constexpr std::int64_t kChunkScores = 1 << 26, kMinChunkQueries = 2048;
// Maps of the VAE's middle attention that live at once: x, normed, q, k, v, mixed.
constexpr std::int64_t kMiddleMaps = 6;

struct Attention {
  std::int64_t tokens = 0, heads = 0, head_dim = 0;
  std::int64_t element = 0;  // bytes
  bool is_math = false;

  // What it takes beside queries, keys and values: the output included.
  std::int64_t bytes() const {
    const std::int64_t out = tokens * heads * head_dim;
    if (!is_math) return out * element;
    return kMathScoreBytes * tokens * tokens * heads + kMathCopies * kFloat * out;
  }
};

bool runs_math(AttentionBackend asked, const AttentionProblem& problem) {
  if (asked != AttentionBackend::automatic) return asked == AttentionBackend::math;
  return choose_attention(asked, problem) == AttentionBackend::math;
}

std::int64_t bytes_of(DType dtype) { return static_cast<std::int64_t>(dtype_bytes(dtype)); }

// A transformer block's peak beside the residual stream.
std::int64_t block_bytes(const TransformerConfig& config, std::int64_t tokens, const Attention& whole,
                         const ActivationLevers& levers) {
  const std::int64_t b = whole.element, dim = config.dim, ffn = config.ffn_dim();
  const bool is_sliced = levers.heads_per_slice > 0 && levers.heads_per_slice < whole.heads;
  const bool is_chunked = levers.rows_per_chunk > 0;
  const std::int64_t rows = is_chunked ? std::min(levers.rows_per_chunk, tokens) : tokens;
  Attention slice = whole;
  if (is_sliced) slice.heads = levers.heads_per_slice;
  const std::int64_t h = tokens * dim * b, out = rows * dim * b;
  const std::int64_t qkv = 3 * tokens * slice.heads * slice.head_dim * b;
  const std::int64_t mixed = is_sliced ? h : 0;  // the slices' outputs, side by side
  const std::int64_t attention = h + std::max(qkv + slice.bytes() + mixed, std::max(mixed, h) + out);
  // Without chunks the queries, keys and values of the only slice live until the projection is done.
  const std::int64_t projected = is_sliced || is_chunked ? 0 : h + qkv + slice.bytes() + out;
  const std::int64_t products = rows * (dim + 3 * ffn) * b;  // gate and up, their product, down
  const std::int64_t feed_forward = (is_chunked ? out : 2 * h) + products;
  return std::max({attention, projected, feed_forward});
}

}  // namespace

std::uint64_t encode_activations(const Problem& problem, int capability) {
  const TextEncoderConfig& config = problem.model.text_encoder;
  const DType dtype = problem.types.model;
  const std::int64_t tokens = problem.image.prompt_tokens, b = bytes_of(dtype);
  const std::int64_t hidden = tokens * config.hidden_size;
  const AttentionProblem attention{capability, dtype, tokens, config.head_dim};
  const Attention whole{tokens, config.num_attention_heads, config.head_dim, b, runs_math(config.attention, attention)};
  const std::int64_t groups = config.num_attention_heads + 2 * config.num_key_value_heads;
  // Keys and values repeated for each head, where the kernel knows no groups.
  const std::int64_t repeated = 2 * tokens * config.num_attention_heads * config.head_dim * b;
  const std::int64_t mixing = 2 * hidden * b + tokens * groups * config.head_dim * b + repeated + whole.bytes();
  const std::int64_t feed_forward = 3 * hidden * b + 3 * tokens * config.intermediate_size * b;
  const std::int64_t kept = kKeptPrompts * hidden * kFloat;
  return static_cast<std::uint64_t>(hidden * kFloat + kept + std::max(mixing, feed_forward));
}

std::uint64_t denoise_activations(const Problem& problem, int capability, const ActivationLevers& levers) {
  const TransformerConfig& config = problem.model.transformer;
  const ImageShape& image = problem.image;
  const DType dtype = problem.types.model;
  const std::int64_t tokens = joint_tokens(problem, image.prompt_tokens), caption = padded_tokens(image.prompt_tokens);
  const AttentionProblem attention{capability, dtype, tokens, config.head_dim()};
  const Attention whole{tokens, config.n_heads, config.head_dim(), bytes_of(dtype),
                        runs_math(config.attention, attention)};
  const std::int64_t prompts = image.guided ? 2 : 1;
  const std::int64_t residual = tokens * config.dim * kFloat;
  const std::int64_t captions = prompts * caption * config.dim * kFloat;
  // Cosines and sines of the joint sequence and of the image alone.
  const std::int64_t positions = prompts * 2 * (tokens + image_tokens(problem)) * (config.head_dim() / 2) * kFloat;
  const std::int64_t latents = 4 * latent_pixels(image) * config.in_channels * kFloat;
  const std::int64_t per_image = residual + captions + positions + latents + block_bytes(config, tokens, whole, levers);
  const std::int64_t blocks = config.n_layers + config.n_refiner_layers;
  const std::int64_t steps = image.guided ? image.evaluations / 2 : image.evaluations;
  const std::int64_t norms = steps * (blocks * 4 + 1) * config.dim * kFloat;
  const std::int64_t kept = kKeptPrompts * image.prompt_tokens * problem.model.text_encoder.hidden_size * kFloat;
  return static_cast<std::uint64_t>(image.batch * per_image + norms + kept);
}

namespace {

// The decoder's maps at the end of an upsampler and in the blocks behind it, in elements for a whole image.
struct DecoderMaps {
  std::int64_t upsampled = 0;  // the largest
  std::int64_t behind = 0;     // what the last level adds to it: its first block's shortcut
};

DecoderMaps decoder_maps(const VaeConfig& config, std::int64_t latent_pixels) {
  const std::vector<std::int64_t>& channels = config.block_out_channels;
  DecoderMaps maps{channels.back() * latent_pixels, 0};
  std::int64_t pixels = latent_pixels;
  for (auto level = channels.rbegin() + 1; level != channels.rend(); ++level) {
    pixels *= 4;
    if (level[-1] * pixels < maps.upsampled) continue;
    maps = {level[-1] * pixels, *level * pixels};
  }
  return maps;
}

std::int64_t whole_decode(const Problem& problem, std::int64_t pixels) {
  const VaeConfig& config = problem.model.vae;
  const std::int64_t b = bytes_of(problem.types.vae);
  const std::int64_t map = config.block_out_channels.back() * pixels;
  const std::int64_t queries =
      std::min(std::max(kChunkScores / std::max<std::int64_t>(pixels, 1), kMinChunkQueries), pixels);
  const std::int64_t middle = kMiddleMaps * map * b + queries * pixels * (kFloat + b);
  return std::max(2 * decoder_maps(config, pixels).upsampled * b, middle);
}

}  // namespace

std::uint64_t decode_activations(const Problem& problem, const VaeLevers& levers) {
  const ImageShape& image = problem.image;
  const VaeConfig& config = problem.model.vae;
  const std::int64_t pixels = latent_pixels(image), b = bytes_of(problem.types.vae);
  const std::int64_t rgb = image.width * image.height * 3 * (1 + b);
  const std::int64_t latents = 3 * pixels * config.latent_channels * kFloat;
  const auto total = [&](std::int64_t maps) { return static_cast<std::uint64_t>(maps + rgb + latents); };
  if (levers.tiling == VaeTiling::whole) return total(whole_decode(problem, pixels));
  if (levers.tiling == VaeTiling::tiles) {
    const std::int64_t rows = std::min(levers.tile, image.height / kLatentPixels);
    const std::int64_t columns = std::min(levers.tile, image.width / kLatentPixels);
    const std::int64_t accumulated = image.width * image.height * 3 * 2 * kFloat;  // sums and weights
    return total(whole_decode(problem, rows * columns) + accumulated);
  }
  const DecoderMaps maps = decoder_maps(config, pixels);
  const std::int64_t strip = maps.upsampled / std::max<std::int64_t>(image.height, 1) * levers.strip_rows;
  constexpr std::int64_t kStrips = 3;  // input with its halo, normalised; output
  const std::int64_t queries = std::min(kMinChunkQueries, pixels);
  const std::int64_t middle =
      kMiddleMaps * config.block_out_channels.back() * pixels * b + queries * pixels * (kFloat + b);
  return total(std::max((maps.upsampled + maps.behind + kStrips * strip) * b, middle));
}

std::uint64_t workspace_bytes(int capability) {
  return kSmallPools + (capability >= 90 ? kHopperWorkspace : kWorkspace);
}

}  // namespace zimage::plan
