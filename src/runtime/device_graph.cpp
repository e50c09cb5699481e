#include "runtime/device_graph.h"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

namespace zimage {

class DeviceGraphs::Impl {
 public:
  void record(const std::function<void()>& work) {
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    {
      const c10::cuda::CUDAStreamGuard on_its_own(stream_);
      // Of this thread alone: others may go on asking for memory.
      graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
      try {
        work();
      } catch (...) {
        end_quietly(*graph);
        throw;
      }
      graph->capture_end();
    }
    graphs_.push_back(std::move(graph));
  }
  void replay(std::size_t index) const { graphs_.at(index)->replay(); }
  std::size_t size() const { return graphs_.size(); }

 private:
  static void end_quietly(at::cuda::CUDAGraph& graph) noexcept {
    try {
      graph.capture_end();
    } catch (const std::exception&) {  // the recording is void, and what voided it is on its way
    }
  }

  at::cuda::MempoolId_t pool_ = at::cuda::graph_pool_handle();
  c10::cuda::CUDAStream stream_ = c10::cuda::getStreamFromPool();
  std::vector<std::unique_ptr<at::cuda::CUDAGraph>> graphs_;
};

DeviceGraphs::DeviceGraphs() = default;
DeviceGraphs::~DeviceGraphs() = default;
DeviceGraphs::DeviceGraphs(DeviceGraphs&&) noexcept = default;
DeviceGraphs& DeviceGraphs::operator=(DeviceGraphs&&) noexcept = default;

void DeviceGraphs::record(const std::function<void()>& work) {
  if (!impl_) impl_ = std::make_unique<Impl>();
  impl_->record(work);
}
void DeviceGraphs::replay(std::size_t index) const { impl_->replay(index); }
std::size_t DeviceGraphs::size() const { return impl_ ? impl_->size() : 0; }

}  // namespace zimage
