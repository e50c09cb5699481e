// zimage_gemm_bench [TOKENS]: for each linear layer of a block, the time of cuBLASLt's first choice, which ATen takes,
// beside the best of all algorithms that its heuristic offers. Random values: zeros would need less power, and run
// faster than weights do.
#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr std::size_t kWorkspaceBytes = 64 << 20;
constexpr int kAlgorithms = 100;
constexpr int kWeightSets = 4;   // rotated, as a model's layers are
constexpr int kSustained = 200;  // launches until the power limit holds
constexpr int kCandidates = 6;   // of the short look that get a long one

template <typename Status>
void check(Status status, const char* what) {
  if (static_cast<int>(status) == 0) return;
  std::fprintf(stderr, "zimage_gemm_bench: %s: error %d\n", what, static_cast<int>(status));
  std::exit(6);
}

struct Shape {
  const char* name;
  int tokens, out, in;
};

// Normal values of standard deviation 0.5 as the bits of a 16-bit type.
std::vector<std::uint16_t> random_bits(std::size_t count, cudaDataType type) {
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0, 0.5);
  std::vector<std::uint16_t> bits(count);
  for (std::uint16_t& value : bits) {
    const float x = normal(engine);
    std::uint32_t word;
    std::memcpy(&word, &x, sizeof word);
    if (type == CUDA_R_16BF) {
      value = static_cast<std::uint16_t>(word >> 16);
    } else {  // sign, exponent of bias 15, ten bits of fraction; what is too small is zero
      const int exponent = static_cast<int>(word >> 23 & 255) - 127 + 15;
      value =
          exponent <= 0 ? 0 : static_cast<std::uint16_t>((word >> 16 & 0x8000) | exponent << 10 | (word >> 13 & 1023));
    }
  }
  return bits;
}

class Buffer {
 public:
  Buffer(std::size_t elements, const std::vector<std::uint16_t>& pattern) {
    check(cudaMalloc(&data_, elements * 2), "cudaMalloc");
    for (std::size_t at = 0; at < elements; at += pattern.size()) {
      const std::size_t part = std::min(pattern.size(), elements - at);
      check(cudaMemcpy(static_cast<std::uint16_t*>(data_) + at, pattern.data(), part * 2, cudaMemcpyHostToDevice),
            "cudaMemcpy");
    }
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

// y [tokens, out] = x [tokens, in] · weightᵀ [out, in], as cuBLASLt sees it: column-major, so transposed throughout.
class Gemm {
 public:
  Gemm(cublasLtHandle_t handle, const Shape& shape, cudaDataType type) : handle_(handle) {
    const std::uint64_t m = shape.out, n = shape.tokens, k = shape.in;
    const cublasOperation_t transposed = CUBLAS_OP_T;
    check(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
    check(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
          "cublasLtMatmulDescSetAttribute");
    check(cublasLtMatrixLayoutCreate(&weight_, type, k, m, k), "cublasLtMatrixLayoutCreate");
    check(cublasLtMatrixLayoutCreate(&x_, type, k, n, k), "cublasLtMatrixLayoutCreate");
    check(cublasLtMatrixLayoutCreate(&y_, type, m, n, m), "cublasLtMatrixLayoutCreate");
    cublasLtMatmulPreference_t preference;
    check(cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
    check(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kWorkspaceBytes,
                                               sizeof kWorkspaceBytes),
          "cublasLtMatmulPreferenceSetAttribute");
    algorithms_.resize(kAlgorithms);
    int found = 0;
    check(cublasLtMatmulAlgoGetHeuristic(handle, operation_, weight_, x_, y_, y_, preference, kAlgorithms,
                                         algorithms_.data(), &found),
          "cublasLtMatmulAlgoGetHeuristic");
    algorithms_.resize(found);
    cublasLtMatmulPreferenceDestroy(preference);
  }
  ~Gemm() {
    for (cublasLtMatrixLayout_t layout : {weight_, x_, y_}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(operation_);
  }
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  std::size_t algorithms() const { return algorithms_.size(); }
  void launch(std::size_t algorithm, const void* weight, const void* x, void* y, void* workspace) const {
    const float one = 1, zero = 0;
    check(cublasLtMatmul(handle_, operation_, &one, weight, weight_, x, x_, &zero, y, y_, y, y_,
                         &algorithms_[algorithm].algo, workspace, kWorkspaceBytes, nullptr),
          "cublasLtMatmul");
  }

 private:
  cublasLtHandle_t handle_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t weight_ = nullptr, x_ = nullptr, y_ = nullptr;
  std::vector<cublasLtMatmulHeuristicResult_t> algorithms_;
};

// Milliseconds of one launch, over `count` of them behind half as many.
template <typename Launch>
float time(int count, Launch&& launch) {
  cudaEvent_t start, end;
  check(cudaEventCreate(&start), "cudaEventCreate");
  check(cudaEventCreate(&end), "cudaEventCreate");
  for (int i = 0; i < count / 2; ++i) launch(i);
  cudaEventRecord(start);
  for (int i = 0; i < count; ++i) launch(i);
  cudaEventRecord(end);
  check(cudaEventSynchronize(end), "cudaEventSynchronize");
  float ms = 0;
  check(cudaEventElapsedTime(&ms, start, end), "cudaEventElapsedTime");
  cudaEventDestroy(start);
  cudaEventDestroy(end);
  return ms / static_cast<float>(count);
}

void compare(cublasLtHandle_t handle, const Shape& shape, cudaDataType type) {
  const std::vector<std::uint16_t> pattern = random_bits(1 << 22, type);
  const std::size_t weight_size = static_cast<std::size_t>(shape.out) * shape.in;
  const std::array<Buffer, kWeightSets> weights{
      {{weight_size, pattern}, {weight_size, pattern}, {weight_size, pattern}, {weight_size, pattern}}};
  const Buffer x(static_cast<std::size_t>(shape.tokens) * shape.in, pattern);
  const Buffer y(static_cast<std::size_t>(shape.tokens) * shape.out, pattern), workspace(kWorkspaceBytes / 2, pattern);
  const Gemm gemm(handle, shape, type);
  const auto run = [&](std::size_t algorithm, int count) {
    return time(count, [&](int i) {
      gemm.launch(algorithm, weights[i % kWeightSets].data(), x.data(), y.data(), workspace.data());
    });
  };
  std::vector<std::pair<float, std::size_t>> quick;
  for (std::size_t a = 0; a < gemm.algorithms(); ++a) quick.emplace_back(run(a, 12), a);
  std::sort(quick.begin(), quick.end());
  const float first = run(0, kSustained);
  float best = first;
  for (int i = 0; i < std::min<int>(kCandidates, static_cast<int>(quick.size())); ++i) {
    best = std::min(best, run(quick[i].second, kSustained));
  }
  const double tflop = 2e-12 * shape.tokens * shape.out * shape.in;
  std::printf("| %s %s | %zu | %.3f | %.0f | %.3f | %+.1f %% |\n", type == CUDA_R_16BF ? "bf16" : "fp16", shape.name,
              gemm.algorithms(), first, tflop / first * 1e3, best, 100.0 * (first / best - 1));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int tokens = argc > 1 ? std::atoi(argv[1]) : 4224;
  cublasLtHandle_t handle;
  check(cublasLtCreate(&handle), "cublasLtCreate");
  std::printf("| %d tokens | algorithms | first choice, ms | TFLOP/s | best, ms | the first is slower by |\n", tokens);
  std::printf("|---|---|---|---|---|---|\n");
  for (const cudaDataType type : {CUDA_R_16BF, CUDA_R_16F}) {
    for (const Shape& shape : {Shape{"qkv", tokens, 11520, 3840}, Shape{"out", tokens, 3840, 3840},
                               Shape{"gate + up", tokens, 20480, 3840}, Shape{"down", tokens, 3840, 10240}}) {
      compare(handle, shape, type);
    }
  }
  cublasLtDestroy(handle);
  return 0;
}
