#include "runtime/transfers.h"

#include <c10/core/InferenceMode.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace zimage {
namespace {

class HostTransfers final : public Transfers {
 public:
  Event make_event() override { return events_++; }
  void record(Event, Queue) override {}
  void wait(Event, Queue) override {}
  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void run(std::function<void()> work) override { work(); }
  void settle() noexcept override {}

 private:
  Event events_ = 0;
};

class ThreadedTransfers final : public Transfers {
 public:
  explicit ThreadedTransfers(std::unique_ptr<Transfers> transfers)
      : transfers_(std::move(transfers)), thread_([this](const std::stop_token& stop) { work_through(stop); }) {}
  ~ThreadedTransfers() override {
    settle();
    thread_.request_stop();
  }

  Event make_event() override {
    const std::lock_guard lock(mutex_);
    to_record_.push_back(0);
    return transfers_->make_event();
  }

  void record(Event event, Queue queue) override {
    if (queue == Queue::compute) return transfers_->record(event, queue);
    {
      const std::lock_guard lock(mutex_);
      ++to_record_[event];
    }
    post([this, event] { transfers_->record(event, Queue::copy); }, event);
  }

  void wait(Event event, Queue queue) override {
    if (queue == Queue::copy) return post([this, event] { transfers_->wait(event, Queue::copy); });
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return to_record_[event] == 0; });
      if (failure_) std::rethrow_exception(failure_);
    }
    transfers_->wait(event, queue);
  }

  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
    post([this, to, from, bytes] { transfers_->copy(to, from, bytes); });
  }

  void run(std::function<void()> work) override {
    post([this, work = std::move(work)]() mutable { transfers_->run(std::move(work)); });
  }

  void settle() noexcept override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tasks_.empty() && !busy_; });
    failure_ = nullptr;
    transfers_->settle();
  }

  void lap() override { transfers_->lap(); }
  std::vector<TransferSeconds> take_laps() override { return transfers_->take_laps(); }

 private:
  static constexpr Event kNone = static_cast<Event>(-1);

  struct Task {
    std::function<void()> work;
    Event records = kNone;  // counted as recorded even if it fails: who waits for it then meets the failure
  };

  void post(std::function<void()> work, Event records = kNone) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(work), records});
    changed_.notify_all();
  }

  void work_through(const std::stop_token& stop) {
    const c10::InferenceMode inference;
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !tasks_.empty(); })) {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      busy_ = true;
      if (!failure_) {  // after a failure nothing more is done until settle
        lock.unlock();
        std::exception_ptr failure = attempt(task.work);
        lock.lock();
        failure_ = std::move(failure);
      }
      if (task.records != kNone) --to_record_[task.records];
      busy_ = false;
      changed_.notify_all();
    }
  }

  static std::exception_ptr attempt(const std::function<void()>& work) {
    try {
      work();
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }

  std::unique_ptr<Transfers> transfers_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_;
  std::vector<int> to_record_;  // by event: records of it that are still among the tasks
  bool busy_ = false;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Transfers> host_transfers() { return std::make_unique<HostTransfers>(); }

std::unique_ptr<Transfers> threaded(std::unique_ptr<Transfers> transfers) {
  return std::make_unique<ThreadedTransfers>(std::move(transfers));
}

}  // namespace zimage
