#include "plan/work.h"

#include "plan/tokens.h"

#include <algorithm>

namespace zimage::plan {
namespace {

constexpr double kTera = 1e12;
// A prompt as people write them: what is long in memory is seldom long in time.
constexpr std::int64_t kUsualPrompt = 128;
// Of the rate of matrix products. cuDNN's kernels: 529 to 650 of 700 TFLOP/s on an H200, flash 330 there; on an A100
// flash reaches 0.7 of the peak (FlashAttention-2, table of section 4), as products do. The memory-efficient kernel
// reached 174 of 700.
constexpr double kCudnnAttention = 0.85, kFlashOnHopper = 0.48, kFlashAttention = 0.8, kEfficientAttention = 0.25,
                 kMathAttention = 0.035, kTuringAttention = 0.5;
// Of the copy's bandwidth: the fused kernels reach 82 to 95 % of it.
constexpr double kKernelBandwidth = 0.9;
// Convolutions and the decoder's smaller kernels, measured: 777 TFLOP/s where products sustain 700 for seconds, and 43
// to 89 % of the copy's bandwidth.
constexpr double kConvolutions = 0.95, kDecoderBandwidth = 0.8;
// Below these a layer is as long as it takes to launch its kernels (measured: 4.2 ms for 35 layers, 4.5 for 32).
constexpr double kTextLayerLaunches = 120e-6, kBlockLaunches = 140e-6, kDecoderLaunches = 1e-3, kLaunch = 6e-6;
// Patches, embedder, final layer, Euler step and gaps.
constexpr double kEvaluationOverhead = 1.3e-3;
// What the levers cost, measured on an H200 at 1024×1024 and 2048×2048 (docs/memory.md). Each slice of heads but the
// first: launches, and the common input normalised and the result copied again. Strips: halos, and their launches.
constexpr double kSliceLaunches = 90e-6, kSliceBytes = 18;
constexpr double kStripsCost = 1.022, kStripKernels = 56;
constexpr std::int64_t kTileOverlapParts = 4;

struct Layer {
  std::int64_t tokens = 0;                   // of a sequence
  std::int64_t sequences = 1;                // which share the products
  double projections = 0, feed_forward = 0;  // weights
  std::int64_t attention_dim = 0, head_dim = 0;
  double elementwise_bytes = 0;
  bool is_causal = false;

  double all_tokens() const { return static_cast<double>(tokens) * static_cast<double>(sequences); }
};

double product_rate(const Machine& machine, DType dtype) { return std::max(machine.tflops.of(dtype), 1e-3) * kTera; }
double bandwidth(const Machine& machine) { return std::max(machine.memory_bytes_per_second, 1e6); }

double attention_share(AttentionBackend asked, const AttentionProblem& problem) {
  const AttentionBackend backend = asked == AttentionBackend::automatic ? choose_attention(asked, problem) : asked;
  const bool is_hopper = problem.capability / 10 == 9 || problem.capability / 10 == 10;
  switch (backend) {
    case AttentionBackend::cudnn:
      return kCudnnAttention;
    case AttentionBackend::flash:
      return is_hopper ? kFlashOnHopper : kFlashAttention;
    case AttentionBackend::efficient:
      return is_hopper ? kEfficientAttention : kTuringAttention;
    default:
      return kMathAttention;
  }
}

double layer_seconds(const Layer& layer, const Problem& problem, const Machine& machine, AttentionBackend backend) {
  const DType dtype = problem.types.model;
  const double n = static_cast<double>(layer.tokens), rate = product_rate(machine, dtype);
  const double weights = layer.projections + layer.feed_forward;
  const double products = std::max(2 * layer.all_tokens() * weights / rate,
                                   weights * static_cast<double>(dtype_bytes(dtype)) / bandwidth(machine));
  const double share = attention_share(backend, {machine.capability, dtype, layer.tokens, layer.head_dim});
  const double attention =
      (layer.is_causal ? 2 : 4) * n * layer.all_tokens() * static_cast<double>(layer.attention_dim) / (rate * share);
  return products + attention + layer.elementwise_bytes / (bandwidth(machine) * kKernelBandwidth);
}

// tokens: of one image's sequence.
Layer transformer_layer(const Problem& problem, std::int64_t tokens) {
  const TransformerConfig& config = problem.model.transformer;
  const double dim = static_cast<double>(config.dim), ffn = static_cast<double>(config.ffn_dim());
  const double n = static_cast<double>(tokens * problem.image.batch);
  const double b = static_cast<double>(dtype_bytes(problem.types.model));
  // Twice residual and norms: x read and written in float32, branch and normed; product of gate and up; q and k turned.
  const double bytes = n * dim * 2 * (8 + 2 * b) + n * ffn * 3 * b + n * dim * 4 * b;
  return {tokens, problem.image.batch, 4 * dim * dim, 3 * dim * ffn, config.dim, config.head_dim(), bytes};
}

// How fast products of so many rows are beside those of the whole sequence.
double chunk_share(std::int64_t rows) { return rows >= 2048 ? 0.885 : rows >= 1024 ? 0.86 : 0.78; }

double lever_seconds(const Layer& layer, const Problem& problem, const Machine& machine,
                     const ActivationLevers& levers) {
  const double rate = product_rate(machine, problem.types.model), n = layer.all_tokens();
  const std::int64_t heads = problem.model.transformer.n_heads;
  double seconds = 0;
  if (levers.heads_per_slice > 0 && levers.heads_per_slice < heads) {
    const double slices = static_cast<double>((heads + levers.heads_per_slice - 1) / levers.heads_per_slice);
    const double bytes = kSliceBytes * n * static_cast<double>(layer.attention_dim);
    seconds += (slices - 1) * (kSliceLaunches + bytes / bandwidth(machine));
  }
  if (levers.rows_per_chunk > 0) {
    const double chunks = n / static_cast<double>(levers.rows_per_chunk) + 1;
    const double products = 2 * n * (layer.feed_forward + layer.projections / 4) / rate;
    seconds += products * (1 / chunk_share(levers.rows_per_chunk) - 1) + chunks * 6 * kLaunch;
  }
  return seconds;
}

struct DecoderWork {
  double operations = 0, elements = 0;  // multiplications and additions; elements read or written beside them
};

// A block of two convolutions; `in` ≠ `out` has a shortcut.
void add_block(DecoderWork& work, double in, double out, double pixels) {
  work.operations += 2 * pixels * (9 * in * out + 9 * out * out + (in == out ? 0 : in * out));
  work.elements += pixels * (2 * in + 3 * out + 3 * out);  // normalised; moments and normalised; added with moments
}

DecoderWork decoder_work(const VaeConfig& config, double pixels) {
  DecoderWork work;
  const double top = static_cast<double>(config.block_out_channels.back());
  for (int i = 0; i < 2; ++i) add_block(work, top, top, pixels);
  work.operations += 2 * pixels * 4 * top * top + 4 * pixels * pixels * top;
  work.elements += pixels * pixels * 6;  // scores in float32 and 16 bit, read and written
  double in = top;
  for (auto level = config.block_out_channels.rbegin(); level != config.block_out_channels.rend(); ++level) {
    const double out = static_cast<double>(*level);
    for (std::int64_t i = 0; i < config.layers_per_block + 1; ++i) add_block(work, i == 0 ? in : out, out, pixels);
    in = out;
    if (level + 1 == config.block_out_channels.rend()) break;
    work.elements += pixels * out * (2 + 4 + 4);  // added, upsampled; moments of the larger map
    pixels *= 4;
    work.operations += 2 * pixels * 9 * out * out;
  }
  return work;
}

}  // namespace

double text_layer_seconds(const Problem& problem, const Machine& machine) {
  const TextEncoderConfig& config = problem.model.text_encoder;
  const double hidden = static_cast<double>(config.hidden_size), ffn = static_cast<double>(config.intermediate_size);
  const double mixed = static_cast<double>(config.num_attention_heads * config.head_dim);
  const double grouped = static_cast<double>(config.num_key_value_heads * config.head_dim);
  const std::int64_t tokens = std::min(problem.image.prompt_tokens, kUsualPrompt);
  const Layer layer{tokens,
                    /*sequences=*/1,
                    hidden * (2 * mixed + 2 * grouped),
                    3 * hidden * ffn,
                    static_cast<std::int64_t>(mixed),
                    config.head_dim,
                    static_cast<double>(tokens) * (hidden * 24 + ffn * 6 + mixed * 8),
                    true};
  return std::max(kTextLayerLaunches, layer_seconds(layer, problem, machine, config.attention));
}

double caption_block_seconds(const Problem& problem, const Machine& machine) {
  const TransformerConfig& config = problem.model.transformer;
  const std::int64_t tokens = padded_tokens(std::min(problem.image.prompt_tokens, kUsualPrompt));
  return std::max(kBlockLaunches,
                  layer_seconds(transformer_layer(problem, tokens), problem, machine, config.attention));
}

BlockSeconds block_seconds(const Problem& problem, const Machine& machine, const ActivationLevers& levers) {
  const TransformerConfig& config = problem.model.transformer;
  const auto seconds = [&](std::int64_t tokens) {
    const Layer layer = transformer_layer(problem, tokens);
    // Each further image has its own attention, launched and copied beside the others'.
    const double further = static_cast<double>(problem.image.batch - 1);
    const double copies = 2 * static_cast<double>(tokens * config.dim) *
                          static_cast<double>(dtype_bytes(problem.types.model)) / bandwidth(machine);
    const double busy =
        layer_seconds(layer, problem, machine, config.attention) + lever_seconds(layer, problem, machine, levers);
    return std::max(kBlockLaunches + further * 2 * kLaunch, busy + (further > 0 ? (further + 1) * copies : 0));
  };
  return {seconds(image_tokens(problem)),
          seconds(joint_tokens(problem, std::min(problem.image.prompt_tokens, kUsualPrompt)))};
}

double evaluation_overhead(const Problem& problem) {
  return kEvaluationOverhead * static_cast<double>(problem.image.batch);
}

double decode_seconds(const Problem& problem, const Machine& machine, const VaeLevers& levers) {
  const ImageShape& image = problem.image;
  const DType dtype = problem.types.vae;
  const auto seconds = [&](double pixels) {
    const DecoderWork work = decoder_work(problem.model.vae, pixels);
    return work.operations / (product_rate(machine, dtype) * kConvolutions) +
           work.elements * static_cast<double>(dtype_bytes(dtype)) / (bandwidth(machine) * kDecoderBandwidth) +
           kDecoderLaunches;
  };
  const double batch = static_cast<double>(image.batch);
  if (levers.tiling == VaeTiling::whole) return batch * seconds(static_cast<double>(latent_pixels(image)));
  if (levers.tiling == VaeTiling::strips) {
    const double strips =
        static_cast<double>(image.height) / static_cast<double>(std::max<std::int64_t>(levers.strip_rows, 1));
    return batch *
           (seconds(static_cast<double>(latent_pixels(image))) * kStripsCost + strips * kStripKernels * kLaunch);
  }
  const std::int64_t tile = std::max<std::int64_t>(levers.tile, 1);
  const std::int64_t step = std::max<std::int64_t>(tile - tile / kTileOverlapParts, 1);
  const auto tiles = [&](std::int64_t side) {
    return static_cast<double>(std::max<std::int64_t>((side + step - 1) / step, 1));
  };
  return batch * tiles(image.width / kLatentPixels) * tiles(image.height / kLatentPixels) *
         seconds(static_cast<double>(tile * tile));
}

}  // namespace zimage::plan
