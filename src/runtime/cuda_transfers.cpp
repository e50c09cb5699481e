#include "runtime/transfers.h"

#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <deque>

namespace zimage {
namespace {

class CudaTransfers final : public Transfers {
 public:
  explicit CudaTransfers(at::Device device)
      : copies_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}
  ~CudaTransfers() override { settle(); }

  Event make_event() override {
    events_.emplace_back(cudaEventDisableTiming);
    return events_.size() - 1;
  }
  void record(Event event, Queue queue) override { events_[event].record(stream(queue)); }
  void wait(Event event, Queue queue) override { events_[event].block(stream(queue)); }

  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(copies_.device());
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, copies_));
  }

  void run(std::function<void()> work) override {
    const c10::cuda::CUDAStreamGuard guard(copies_);
    work();
  }

  void settle() noexcept override {
    cudaStreamSynchronize(copies_);  // what has failed shows at the next call
  }

 private:
  c10::cuda::CUDAStream stream(Queue queue) const {
    return queue == Queue::copy ? copies_ : c10::cuda::getCurrentCUDAStream(copies_.device_index());
  }

  c10::cuda::CUDAStream copies_;
  std::deque<c10::cuda::CUDAEvent> events_;
};

}  // namespace

std::unique_ptr<Transfers> cuda_transfers(at::Device device) { return std::make_unique<CudaTransfers>(device); }

}  // namespace zimage
