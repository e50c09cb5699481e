#include "pipeline/placement.h"

#include "zimage/error.h"

#include "runtime/device.h"
#include "runtime/host_memory.h"

namespace zimage {
namespace {

// Beside the weights: LibTorch, a chunk of the loader and the activations of a small image.
constexpr std::uint64_t kHostMargin = 1ULL << 30;
// Of a 1024x1024 image and a short caption: which backend is fastest hardly depends on it.
constexpr std::int64_t kJointTokens = 4096;
// Ampere has units for bfloat16; Turing has not.
constexpr int kFirstBfloat16 = 80;

std::uint64_t mib(std::uint64_t bytes) { return bytes >> 20; }

// The bytes of all weights with the transformer and text encoder in `dtype`.
std::uint64_t weight_bytes(const Checkpoint& checkpoint, DType dtype) {
  return (checkpoint.transformer().parameters() + checkpoint.text_encoder().parameters()) * dtype_bytes(dtype) +
         checkpoint.vae().parameters() * dtype_bytes(DType::f32);
}

// Nothing is computed in float8: bfloat16 holds its values exactly.
DType stored_dtype(const Checkpoint& checkpoint) {
  const DType dtype = checkpoint.transformer().tensors().front().info->dtype;
  return dtype == DType::f8_e4m3 ? DType::bf16 : dtype;
}

[[noreturn]] void refuse(const std::string& device, DType dtype, std::uint64_t need, std::uint64_t have) {
  throw Error(ErrorKind::memory, "the model in " + std::string(option_name(dtype)) + " needs " +
                                     std::to_string(mib(need)) + " MiB on " + device + ", " +
                                     std::to_string(mib(have)) + " MiB are free");
}

}  // namespace

DType choose_cuda_dtype(const std::string& option, int capability) {
  const DType dtype = option == "auto" ? DType::f16 : *dtype_from_option(option);
  if (dtype == DType::bf16 && capability < kFirstBfloat16) {
    throw Error(ErrorKind::usage, "--dtype bf16: needs a GPU of compute capability 8.0 or later; fp16 is as exact");
  }
  return dtype;
}

DType choose_vae_dtype(DType dtype, int capability) {
  return dtype != DType::f32 && capability >= kFirstBfloat16 ? DType::bf16 : DType::f32;
}

DType choose_cpu_dtype(const std::string& option, const Checkpoint& checkpoint, std::uint64_t available_bytes) {
  const auto need = [&](DType dtype) { return weight_bytes(checkpoint, dtype) + kHostMargin; };
  DType dtype = DType::f32;
  if (option != "auto") {
    dtype = *dtype_from_option(option);
  } else if (need(DType::f32) > available_bytes) {
    dtype = stored_dtype(checkpoint);
  }
  if (need(dtype) > available_bytes) refuse("cpu", dtype, need(dtype), available_bytes);
  return dtype;
}

AttentionPlacement place_attention(const std::string& option, const Placement& placement,
                                   const Checkpoint& checkpoint) {
  const auto asked = attention_backend_from_option(option);
  if (!asked) {
    throw Error(ErrorKind::usage, "--attention " + option + ": must be auto, cudnn, flash, efficient or math");
  }
  AttentionProblem problem{device_capability(placement.device), placement.dtype, kJointTokens,
                           checkpoint.text_encoder_config().head_dim};
  choose_attention(*asked, problem);
  problem.head_dim = checkpoint.transformer_config().head_dim();
  return {*asked, choose_attention(*asked, problem)};
}

Placement place(const std::string& device, const std::string& dtype, const Checkpoint& checkpoint) {
  if (dtype != "auto" && !dtype_from_option(dtype)) {
    throw Error(ErrorKind::usage, "--dtype " + dtype + ": must be auto, fp16, bf16 or fp32");
  }
  Placement placement{.device = resolve_device(device)};
  const bool cpu = placement.device == "cpu";
  placement.dtype = cpu ? choose_cpu_dtype(dtype, checkpoint, available_host_bytes())
                        : choose_cuda_dtype(dtype, device_capability(placement.device));
  placement.vae_dtype = choose_vae_dtype(placement.dtype, device_capability(placement.device));
  return placement;
}

}  // namespace zimage
