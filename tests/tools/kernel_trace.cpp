// A library for CUDA_INJECTION64_PATH: writes every kernel, copy and fill that the process ran on the GPU to the file
// $ZIMAGE_KERNEL_TRACE, a line each in order of start: start ns, end ns, name. scripts/kernel_budget.py reads it.
#include <cupti.h>
#include <cxxabi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Span {
  std::uint64_t start, end;
  std::string name;
};

std::mutex mutex;
std::vector<Span> spans;

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  const std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* max_records) {
  *size = 8 << 20;
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(8, *size));
  *max_records = 0;
}

void add(const CUpti_Activity* record) {
  switch (record->kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL: {
      const auto* kernel = reinterpret_cast<const CUpti_ActivityKernel9*>(record);
      spans.push_back({kernel->start, kernel->end, demangled(kernel->name)});
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMCPY: {
      const auto* copy = reinterpret_cast<const CUpti_ActivityMemcpy5*>(record);
      spans.push_back({copy->start, copy->end, "memcpy"});
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMSET: {
      const auto* fill = reinterpret_cast<const CUpti_ActivityMemset4*>(record);
      spans.push_back({fill->start, fill->end, "memset"});
      break;
    }
    default:
      break;
  }
}

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t, std::size_t size) {
  const std::lock_guard lock(mutex);
  for (CUpti_Activity* record = nullptr; cuptiActivityGetNextRecord(buffer, size, &record) == CUPTI_SUCCESS;) {
    add(record);
  }
  std::free(buffer);
}

void write_trace() {
  cuptiActivityFlushAll(1);
  const char* path = std::getenv("ZIMAGE_KERNEL_TRACE");
  std::FILE* file = path ? std::fopen(path, "w") : stderr;
  if (file == nullptr) return;
  const std::lock_guard lock(mutex);
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
  for (const Span& span : spans) {
    std::fprintf(file, "%llu %llu %s\n", static_cast<unsigned long long>(span.start),
                 static_cast<unsigned long long>(span.end), span.name.c_str());
  }
  if (file != stderr) std::fclose(file);
}

}  // namespace

extern "C" int InitializeInjection() {
  cuptiActivityRegisterCallbacks(give_buffer, take_buffer);
  cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMCPY);
  cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMSET);
  std::atexit(write_trace);
  return 1;
}
