// Preloaded before CUDA's runtime library (LD_PRELOAD): a driver that is too old for it.

extern "C" int cudaGetDeviceCount(int* count) {
  constexpr int kInsufficientDriver = 35;
  *count = 0;
  return kInsufficientDriver;
}

extern "C" int cudaDriverGetVersion(int* version) {
  *version = 12020;
  return 0;
}
