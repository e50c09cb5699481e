#include "runtime/transfers.h"

#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <deque>
#include <mutex>
#include <vector>

namespace zimage {
namespace {

// Spans of time on streams, lap by lap, taken without waiting on the way. Safe from two threads.
class Spans {
 public:
  // Alternately where one begins and where it ends.
  void mark(const c10::cuda::CUDAStream& stream) {
    const std::lock_guard lock(mutex_);
    if (used_ == events_.size()) events_.emplace_back(cudaEventDefault);
    events_[used_++].record(stream);
  }

  void lap() {
    const std::lock_guard lock(mutex_);
    laps_.push_back(used_);
  }

  // The sum of each lap's spans, in seconds.
  std::vector<double> take() {
    const std::lock_guard lock(mutex_);
    std::vector<double> sums;
    std::size_t next = 0;
    for (const std::size_t end : laps_) {
      double milliseconds = 0;
      for (; next + 1 < end; next += 2) {
        events_[next + 1].synchronize();
        milliseconds += events_[next].elapsed_time(events_[next + 1]);
      }
      sums.push_back(milliseconds / 1000);
    }
    laps_.clear();
    used_ = 0;
    return sums;
  }

 private:
  std::mutex mutex_;
  std::deque<c10::cuda::CUDAEvent> events_;
  std::size_t used_ = 0;
  std::vector<std::size_t> laps_;  // how many events there were at the end of each
};

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
  void wait(Event event, Queue queue) override {
    if (queue == Queue::compute) waits_.mark(stream(queue));
    events_[event].block(stream(queue));
    if (queue == Queue::compute) waits_.mark(stream(queue));
  }

  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(copies_.device());
    copying_.mark(copies_);
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, copies_));
    copying_.mark(copies_);
  }

  void run(std::function<void()> work) override {
    const c10::cuda::CUDAStreamGuard guard(copies_);
    work();
  }

  void settle() noexcept override {
    cudaStreamSynchronize(copies_);  // what has failed shows at the next call
  }

  void lap() override {
    copying_.lap();
    waits_.lap();
  }

  std::vector<TransferSeconds> take_laps() override {
    const std::vector<double> copying = copying_.take(), waiting = waits_.take();
    std::vector<TransferSeconds> laps;
    for (std::size_t i = 0; i < copying.size(); ++i) laps.push_back({copying[i], waiting[i]});
    return laps;
  }

 private:
  c10::cuda::CUDAStream stream(Queue queue) const {
    return queue == Queue::copy ? copies_ : c10::cuda::getCurrentCUDAStream(copies_.device_index());
  }

  c10::cuda::CUDAStream copies_;
  std::deque<c10::cuda::CUDAEvent> events_;
  Spans copying_, waits_;
};

}  // namespace

std::unique_ptr<Transfers> cuda_transfers(at::Device device) { return std::make_unique<CudaTransfers>(device); }

}  // namespace zimage
