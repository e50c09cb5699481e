#include "plan/attention_choice.h"

#include "zimage/error.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace zimage {
namespace {

using Backend = AttentionBackend;

constexpr std::array<std::pair<Backend, std::string_view>, 5> kNames{{{Backend::automatic, "auto"},
                                                                      {Backend::cudnn, "cudnn"},
                                                                      {Backend::flash, "flash"},
                                                                      {Backend::efficient, "efficient"},
                                                                      {Backend::math, "math"}}};

constexpr int kAmpere = 80;
constexpr std::int64_t kCudnnHeadDim = 128, kFlashHeadDim = 256;
constexpr std::int64_t kShortSequence = 512;  // tokens; a prompt has at most as many

bool is_16_bit(DType dtype) { return dtype == DType::f16 || dtype == DType::bf16; }

// The rule that keeps a fused 16-bit kernel of Ampere and later from running; empty when none does.
std::string ampere_rule(const AttentionProblem& p, std::int64_t max_head_dim) {
  if (p.capability < kAmpere) return "needs a GPU of compute capability 8.0 or later";
  if (!is_16_bit(p.dtype)) return "needs fp16 or bf16";
  if (p.head_dim % 8 != 0 || p.head_dim > max_head_dim) {
    return "needs heads of a multiple of 8 up to " + std::to_string(max_head_dim) + ", not " +
           std::to_string(p.head_dim);
  }
  return "";
}

std::string efficient_rule(const AttentionProblem& p) {
  if (p.capability == 0) return "needs a GPU";
  if (p.dtype == DType::bf16 && p.capability < kAmpere) return "needs compute capability 8.0 or later for bf16";
  if (!is_16_bit(p.dtype) && p.dtype != DType::f32) return "needs fp16, bf16 or fp32";
  // It reads 16 bytes at a time.
  const std::int64_t multiple = 16 / static_cast<std::int64_t>(dtype_bytes(p.dtype));
  if (p.head_dim % multiple != 0) {
    return "needs heads of a multiple of " + std::to_string(multiple) + ", not " + std::to_string(p.head_dim);
  }
  return "";
}

// Why this backend cannot compute the problem; empty when it can.
std::string broken_rule(Backend backend, const AttentionProblem& p) {
  switch (backend) {
    case Backend::cudnn:
      return p.tokens < 2 && p.capability >= kAmpere ? "needs two tokens or more" : ampere_rule(p, kCudnnHeadDim);
    case Backend::flash:
      return p.capability == 0 ? "" : ampere_rule(p, kFlashHeadDim);
    case Backend::efficient:
      return efficient_rule(p);
    default:
      return "";
  }
}

// Fastest first. cuDNN has kernels of its own for Hopper and the data-centre Blackwell only, and builds a plan for each
// new length (30 to 400 ms on an H200), which pays for long sequences: prompts have another length each.
std::vector<Backend> preference(const AttentionProblem& p) {
  const int major = p.capability / 10;
  if ((major == 9 || major == 10) && p.tokens > kShortSequence)
    return {Backend::cudnn, Backend::flash, Backend::efficient, Backend::math};
  return {Backend::flash, Backend::efficient, Backend::math};
}

}  // namespace

std::optional<AttentionBackend> attention_backend_from_option(std::string_view name) {
  for (const auto& [backend, word] : kNames) {
    if (word == name) return backend;
  }
  return std::nullopt;
}

std::string_view option_name(AttentionBackend backend) { return kNames[static_cast<std::size_t>(backend)].second; }

AttentionBackend choose_attention(AttentionBackend asked, const AttentionProblem& problem) {
  if (asked == Backend::automatic) {
    for (const Backend backend : preference(problem)) {
      if (broken_rule(backend, problem).empty()) return backend;
    }
  }
  const std::string rule = broken_rule(asked, problem);
  if (!rule.empty()) {
    throw Error(ErrorKind::usage, "--attention " + std::string(option_name(asked)) + ": " + rule);
  }
  return asked;
}

}  // namespace zimage
