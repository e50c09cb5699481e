// Copies between host and device beside the computation, and who waits for whom. Two queues: what computes, and what
// copies; an event is a point in one of them that the other can wait for.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace zimage {

enum class Queue { compute, copy };

// Of one lap, in seconds.
struct TransferSeconds {
  double copying = 0;  // what the copies took
  double waiting = 0;  // the compute queue stood still for one
};

// Used by one thread at a time.
class Transfers {
 public:
  using Event = std::size_t;

  Transfers() = default;
  virtual ~Transfers() = default;
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  // Before anything else is asked for.
  virtual Event make_event() = 0;
  // The event is behind all that `queue` was given so far.
  virtual void record(Event event, Queue queue) = 0;
  // What `queue` is given from here on comes after the event as it was recorded last; at once where it never was.
  // Throws, where the compute queue is to wait, what has failed on the copy queue.
  virtual void wait(Event event, Queue queue) = 0;
  // On the copy queue, in either direction. Both stay valid until it is done.
  virtual void copy(std::byte* to, const std::byte* from, std::size_t bytes) = 0;
  // On the copy queue: `work` itself may wait, and what it gives to the current stream is on the copy queue.
  virtual void run(std::function<void()> work) = 0;
  // Waits until the copy queue has nothing left to do, and forgets what has failed there.
  virtual void settle() noexcept = 0;

  // What copies and waits took, lap by lap: lap() ends one; take_laps() waits for the device and gives all since the
  // last call. Nothing where time is not taken.
  virtual void lap() {}
  virtual std::vector<TransferSeconds> take_laps() { return {}; }
};

// Host memory: each call is done when it returns.
std::unique_ptr<Transfers> host_transfers();

// A GPU: the compute queue is the current stream, the copy queue a stream of its own. run() waits on the calling
// thread. Throws c10::Error.
std::unique_ptr<Transfers> cuda_transfers(at::Device device);

// The same, with the copy queue driven by a thread of its own: for work that waits for the host.
std::unique_ptr<Transfers> threaded(std::unique_ptr<Transfers> transfers);

}  // namespace zimage
