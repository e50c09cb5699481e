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
// Scores that lie in memory at a time under attention slicing (models/transformer/block.cpp).
constexpr std::int64_t kSlicedScores = 1 << 24;
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
  bool is_sliced = false;  // scores in chunks of queries

  // What it takes beside queries, keys and values: the output included.
  std::int64_t bytes() const {
    const std::int64_t out = tokens * heads * head_dim;
    if (!is_math) return out * element;
    const std::int64_t scores = tokens * tokens * heads;
    return kMathScoreBytes * (is_sliced ? std::min(scores, kSlicedScores) : scores) + kMathCopies * kFloat * out;
  }
};

bool runs_math(AttentionBackend asked, const AttentionProblem& problem) {
  if (asked != AttentionBackend::automatic) return asked == AttentionBackend::math;
  return choose_attention(asked, problem) == AttentionBackend::math;
}

std::int64_t bytes_of(DType dtype) { return static_cast<std::int64_t>(dtype_bytes(dtype)); }

// A transformer block's peak beside the residual stream (models/transformer/block.cpp). whole: of one image.
std::int64_t block_bytes(const TransformerConfig& config, std::int64_t batch, const Attention& whole,
                         const ActivationLevers& levers) {
  const std::int64_t b = whole.element, dim = config.dim, ffn = config.ffn_dim(), tokens = batch * whole.tokens;
  const bool is_sliced = levers.heads_per_slice > 0 && levers.heads_per_slice < whole.heads;
  const bool is_chunked = levers.rows_per_chunk > 0;
  const std::int64_t rows = is_chunked ? std::min(levers.rows_per_chunk, tokens) : tokens;
  Attention slice = whole;
  if (is_sliced) slice.heads = levers.heads_per_slice;
  slice.is_sliced = is_sliced;
  const std::int64_t all = tokens * dim * b, chunk = rows * dim * b;
  const std::int64_t qkv = 3 * tokens * slice.heads * slice.head_dim * b;
  // The slices' outputs lie side by side, and without chunks their common input stays.
  const std::int64_t kept = is_sliced ? all + (is_chunked ? 0 : all) : 0;
  // What attention makes of each image is gathered.
  const std::int64_t gathered = batch > 1 ? tokens * slice.heads * slice.head_dim * b : 0;
  const std::int64_t projecting = (is_sliced ? all : 0) + chunk + qkv, mixing = kept + qkv + gathered + slice.bytes();
  const std::int64_t feed_forward = (is_chunked ? all : 0) + rows * std::max({2 * dim, dim + 2 * ffn, 3 * ffn}) * b;
  return std::max({projecting, mixing, feed_forward});
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
  const std::int64_t per_image = residual + captions + positions + latents;
  const std::int64_t block = block_bytes(config, image.batch, whole, levers);
  // A batch's tokens are put in another order in between (models/transformer/transformer.cpp).
  const std::int64_t beside = image.batch > 1 ? std::max(block, image.batch * residual) : block;
  const std::int64_t blocks = config.n_layers + config.n_refiner_layers;
  const std::int64_t steps = image.guided ? image.evaluations / 2 : image.evaluations;
  const std::int64_t norms = steps * (blocks * 4 + 1) * config.dim * kFloat;
  const std::int64_t embeds = kKeptPrompts + (image.batch - 1) * prompts;
  const std::int64_t kept = embeds * image.prompt_tokens * problem.model.text_encoder.hidden_size * kFloat;
  return static_cast<std::uint64_t>(image.batch * per_image + beside + norms + kept);
}

namespace {

// Levels from the deepest one on: channels, and pixels for each of the latent image's.
struct DecoderLevel {
  std::int64_t channels_in = 0, channels = 0;
  std::int64_t scale = 1;  // of a side
};

std::vector<DecoderLevel> decoder_levels(const VaeConfig& config) {
  std::vector<DecoderLevel> levels;
  std::int64_t before = config.block_out_channels.back(), scale = 1;
  for (auto channels = config.block_out_channels.rbegin(); channels != config.block_out_channels.rend(); ++channels) {
    levels.push_back({before, *channels, scale});
    before = *channels;
    scale *= 2;
  }
  return levels;
}

// The middle's attention, which no lever changes.
std::int64_t middle_bytes(const Problem& problem, std::int64_t pixels) {
  const std::int64_t b = bytes_of(problem.types.vae), map = problem.model.vae.block_out_channels.back() * pixels;
  const std::int64_t at_once = std::max(kChunkScores / std::max<std::int64_t>(pixels, 1), kMinChunkQueries);
  return kMiddleMaps * map * b + std::min(at_once, pixels) * pixels * (kFloat + b);
}

// The largest map twice: before and after its upsampler's convolution.
std::int64_t whole_bytes(const Problem& problem, std::int64_t pixels) {
  std::int64_t largest = 0;
  for (const DecoderLevel& level : decoder_levels(problem.model.vae)) {
    largest = std::max(largest, level.channels_in * pixels * level.scale * level.scale);
  }
  return std::max(2 * largest * bytes_of(problem.types.vae), middle_bytes(problem, pixels));
}

// One buffer for every map in turn, and beside it a window and a strip (models/vae/strips.cpp).
std::int64_t strips_bytes(const Problem& problem, std::int64_t rows) {
  const std::int64_t height = problem.image.height / kLatentPixels, width = problem.image.width / kLatentPixels;
  const std::int64_t b = bytes_of(problem.types.vae);
  std::int64_t buffer = 0, beside = 0;
  for (const DecoderLevel& level : decoder_levels(problem.model.vae)) {
    if (level.scale == 1) continue;
    const std::int64_t in_row = level.channels_in * width * level.scale, out_row = level.channels * width * level.scale;
    const std::int64_t high = height * level.scale, strip = std::min(rows, high);
    const bool fits_over = 2 * level.channels <= level.channels_in || level.channels == level.channels_in;
    buffer = std::max({buffer, in_row * high, 2 * out_row * high + (fits_over ? 0 : in_row * high)});
    const std::int64_t first_map = level.scale == 2 ? in_row * high / 4 : 0;
    beside = std::max({beside, (strip + 4) * in_row + first_map, (strip + 2) * in_row + strip * out_row});
  }
  const std::int64_t first = problem.model.vae.block_out_channels.back() * height * width;
  return std::max((buffer + beside + first) * b, middle_bytes(problem, height * width));
}

}  // namespace

std::uint64_t decode_activations(const Problem& problem, const VaeLevers& levers) {
  const ImageShape& image = problem.image;
  const std::int64_t pixels = latent_pixels(image), rgb = image.width * image.height * 3;
  const std::int64_t latents = (2 + image.batch) * pixels * problem.model.vae.latent_channels * kFloat;
  std::int64_t maps = 0;
  if (levers.tiling == VaeTiling::whole) maps = whole_bytes(problem, pixels);
  if (levers.tiling == VaeTiling::strips) maps = strips_bytes(problem, levers.strip_rows);
  if (levers.tiling == VaeTiling::tiles) {
    const std::int64_t rows = std::min(levers.tile, image.height / kLatentPixels);
    const std::int64_t columns = std::min(levers.tile, image.width / kLatentPixels);
    maps = whole_bytes(problem, rows * columns) + rgb * kFloat;  // the picture that tiles are added to
  }
  return static_cast<std::uint64_t>(maps + latents + rgb * (1 + bytes_of(problem.types.vae)));
}

std::uint64_t workspace_bytes(int capability) {
  if (capability == 0) return 0;
  return kSmallPools + (capability >= 90 ? kHopperWorkspace : kWorkspace);
}

}  // namespace zimage::plan
