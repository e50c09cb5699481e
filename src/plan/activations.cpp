#include "plan/activations.h"

#include "plan/decoder_memory.h"
#include "plan/gated_product.h"
#include "plan/tokens.h"

#include <algorithm>

namespace zimage::plan {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::int64_t kFloat = 4;  // bytes
// cuBLAS takes 32 MiB on Hopper and later, 8.125 MiB before (ATen's CUDAContextLight.cpp).
constexpr std::uint64_t kHopperWorkspace = 32 * kMiB, kWorkspace = 9 * kMiB;
// Of 16 threads that read weights (runtime/weight_reader.h), each a piece.
constexpr std::uint64_t kStaging = 64 * kMiB;
// Pools of small blocks: 2 MiB for those below 1 MiB, 20 MiB for those below 10 (c10's CUDACachingAllocator).
constexpr std::uint64_t kSmallPools = 22 * kMiB;
// Attention as products and softmax, measured on an H200 at 4,224 and 16,512 tokens: bytes for each score of each head,
// and copies of the queries in float32.
constexpr std::int64_t kMathScoreBytes = 9, kMathCopies = 4;
// Scores that lie in memory at a time under attention slicing (models/transformer/block.cpp).
constexpr std::int64_t kSlicedScores = 1 << 24;

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

// Of so many rows. In one kernel, gate and up are multiplied before they are written.
std::int64_t feed_forward_bytes(const Problem& problem, const Machine& machine, std::int64_t rows) {
  const std::int64_t dim = problem.model.transformer.dim, ffn = problem.model.transformer.ffn_dim();
  const bool has_kernel =
      machine.capability / 10 == 9 && problem.types.model != DType::f32 && dim % 8 == 0 && ffn % 8 == 0;
  const bool is_one_kernel = has_kernel && pays_in_one_kernel({rows, ffn}, machine.multiprocessors);
  const std::int64_t columns = is_one_kernel ? dim + ffn : std::max(dim + 2 * ffn, 3 * ffn);
  return rows * std::max(2 * dim, columns) * bytes_of(problem.types.model);
}

// A transformer block's peak beside the residual stream (models/transformer/block.cpp), over the rows of a batch.
// whole: the attention of one image.
std::int64_t block_bytes(const Problem& problem, const Machine& machine, const Attention& whole, std::int64_t tokens,
                         const ActivationLevers& levers) {
  const std::int64_t b = whole.element, dim = problem.model.transformer.dim;
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
  const std::int64_t gathered = problem.image.batch > 1 ? tokens * slice.heads * slice.head_dim * b : 0;
  const std::int64_t projecting = (is_sliced ? all : 0) + chunk + qkv, mixing = kept + qkv + gathered + slice.bytes();
  // The last chunk may be the only one that is too short for the one kernel.
  const std::int64_t feed_forward =
      std::max(feed_forward_bytes(problem, machine, rows), feed_forward_bytes(problem, machine, tokens % rows));
  return std::max({projecting, mixing, (is_chunked ? all : 0) + feed_forward});
}

// With captions of so many tokens in all images of the batch together, beside what stays between images.
std::int64_t denoise_bytes(const Problem& problem, const Machine& machine, const ActivationLevers& levers,
                           std::int64_t caption) {
  const TransformerConfig& config = problem.model.transformer;
  const ImageShape& image = problem.image;
  const std::int64_t longest = joint_tokens(problem, image.prompt_tokens);
  const AttentionProblem attention{machine.capability, problem.types.model, longest, config.head_dim()};
  const Attention whole{longest, config.n_heads, config.head_dim(), bytes_of(problem.types.model),
                        runs_math(config.attention, attention)};
  const std::int64_t pixels = image.batch * image_tokens(problem), tokens = pixels + caption;
  const std::int64_t prompts = image.guided ? 2 : 1;
  const std::int64_t residual = tokens * config.dim * kFloat;
  const std::int64_t captions = prompts * caption * config.dim * kFloat;
  // Cosines and sines of the joint sequence and of the image alone.
  const std::int64_t positions = prompts * 2 * (tokens + pixels) * (config.head_dim() / 2) * kFloat;
  const std::int64_t latents = 4 * image.batch * latent_pixels(image) * config.in_channels * kFloat;
  // The noise's refiner has fewer rows, which may be too few for the one kernel.
  const std::int64_t block = std::max(block_bytes(problem, machine, whole, tokens, levers),
                                      block_bytes(problem, machine, whole, pixels, levers));
  // A batch's tokens are put in another order in between (models/transformer/transformer.cpp).
  const std::int64_t beside = image.batch > 1 ? std::max(block, residual) : block;
  // Of more prompts than are kept, those of the batch come from the host.
  const std::int64_t embeds =
      (image.batch - 1) * prompts * image.prompt_tokens * problem.model.text_encoder.hidden_size * kFloat;
  return residual + captions + positions + latents + beside + embeds;
}

}  // namespace

std::uint64_t kept_activations(const Problem& problem) {
  const TransformerConfig& config = problem.model.transformer;
  const TextEncoderConfig& text = problem.model.text_encoder;
  const ImageShape& image = problem.image;
  const std::int64_t steps = image.guided ? image.evaluations / 2 : image.evaluations;
  const std::int64_t norms = steps * ((config.n_layers + config.n_refiner_layers) * 4 + 1) * config.dim;
  const std::int64_t prompts = kKeptPrompts * kMostPromptTokens * text.hidden_size;
  return static_cast<std::uint64_t>((norms + prompts + kMostPromptTokens * text.head_dim) * kFloat);
}

std::uint64_t encode_activations(const Problem& problem, const Machine& machine) {
  const TextEncoderConfig& config = problem.model.text_encoder;
  const DType dtype = problem.types.model;
  const std::int64_t tokens = problem.image.prompt_tokens, b = bytes_of(dtype);
  const std::int64_t hidden = tokens * config.hidden_size;
  const AttentionProblem attention{machine.capability, dtype, tokens, config.head_dim};
  const Attention whole{tokens, config.num_attention_heads, config.head_dim, b, runs_math(config.attention, attention)};
  const std::int64_t groups = config.num_attention_heads + 2 * config.num_key_value_heads;
  // Keys and values repeated for each head, where the kernel knows no groups.
  const std::int64_t repeated = 2 * tokens * config.num_attention_heads * config.head_dim * b;
  const std::int64_t mixing = 2 * hidden * b + tokens * groups * config.head_dim * b + repeated + whole.bytes();
  const std::int64_t feed_forward = 3 * hidden * b + 3 * tokens * config.intermediate_size * b;
  return kept_activations(problem) + static_cast<std::uint64_t>(hidden * kFloat + std::max(mixing, feed_forward));
}

std::uint64_t denoise_activations(const Problem& problem, const Machine& machine, const ActivationLevers& levers) {
  const std::int64_t caption = problem.image.batch * padded_tokens(problem.image.prompt_tokens);
  const std::int64_t bytes = denoise_bytes(problem, machine, levers, caption);
  return kept_activations(problem) + static_cast<std::uint64_t>(bytes);
}

std::uint64_t most_denoise_activations(const Problem& problem, const Machine& machine, const ActivationLevers& levers) {
  const std::int64_t batch = problem.image.batch, longest = batch * padded_tokens(problem.image.prompt_tokens);
  std::int64_t most = 0;
  for (std::int64_t caption = longest; caption >= batch * kSequenceMultiple; caption -= kSequenceMultiple) {
    most = std::max(most, denoise_bytes(problem, machine, levers, caption));
  }
  return kept_activations(problem) + static_cast<std::uint64_t>(most);
}

std::uint64_t decode_activations(const Problem& problem, const VaeLevers& levers) {
  const ImageShape& image = problem.image;
  const VaeConfig& vae = problem.model.vae;
  const LatentSize size{image.height / kLatentPixels, image.width / kLatentPixels};
  const std::int64_t b = bytes_of(problem.types.vae), rgb = image.width * image.height * 3;
  const auto whole = [&](LatentSize part) {
    return std::max(2 * largest_map(vae, part) * b, middle_bytes(vae, part, b));
  };
  std::int64_t maps = 0;
  if (levers.tiling == VaeTiling::whole) maps = whole(size);
  if (levers.tiling == VaeTiling::strips) maps = strips_bytes(vae, size, levers.strip_rows, b);
  if (levers.tiling == VaeTiling::tiles) {  // and the picture that they are added to
    maps = whole({std::min(levers.tile, size.height), std::min(levers.tile, size.width)}) + rgb * kFloat;
  }
  const std::int64_t latents = (2 + image.batch) * size.pixels() * vae.latent_channels * kFloat;
  return kept_activations(problem) + static_cast<std::uint64_t>(maps + latents + rgb * (1 + b));
}

Activations activations(const Problem& problem, const Machine& machine, const Levers& levers) {
  return {encode_activations(problem, machine), denoise_activations(problem, machine, levers.activations),
          decode_activations(problem, levers.vae)};
}

Activations most_activations(const Problem& problem, const Machine& machine, const Levers& levers) {
  // Other prompts of a window may be in the encoder at the same time.
  const std::uint64_t others = static_cast<std::uint64_t>(kPassTokens) * problem.model.text_encoder.hidden_size *
                               (kFloat + dtype_bytes(problem.types.model));
  return {encode_activations(problem, machine) + others, most_denoise_activations(problem, machine, levers.activations),
          decode_activations(problem, levers.vae)};
}

std::uint64_t workspace_bytes(int capability, const Residence& residence) {
  if (capability == 0) return 0;
  const std::uint64_t products = capability >= 90 ? kHopperWorkspace : kWorkspace;
  return kSmallPools + products + (keeps_all(residence) ? kStaging + products : 0);
}

}  // namespace zimage::plan
