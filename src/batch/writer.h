// Encodes pictures and writes them and the journal on a thread of its own, so that what draws never waits for a disk.
#pragma once

#include "zimage/image.h"

#include "batch/journal.h"
#include "io/file.h"
#include "io/png.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace zimage::batch {

struct Picture {
  JournalEntry entry;  // without the file's size and digest
  Image image;         // of an entry that is done
  io::PictureText text;
  io::Overwrite overwrite = io::Overwrite::no;
};

struct WriterHooks {
  // Runs the write of one picture and its entry, on the writer's thread; may keep signals from cutting it short.
  std::function<void(const std::function<void()>& write)> guard = [](const auto& write) { write(); };
  // After both are on the disk, on the writer's thread.
  std::function<void(const JournalEntry& entry)> on_written = [](const JournalEntry&) {};
};

class Writer {
 public:
  static constexpr std::size_t kQueued = 4;  // pictures that wait at most, so that memory is bounded

  Writer(Journal& journal, std::filesystem::path dir, WriterHooks hooks);
  // Writes what is queued.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits while the queue is full. Throws what stopped the thread: Error(io), or what a hook threw.
  void push(Picture picture);
  // Waits until everything is on the disk. Throws as push does.
  void finish();

 private:
  void run();
  void write(Picture& picture);
  void rethrow();

  Journal& journal_;
  std::filesystem::path dir_;
  WriterHooks hooks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Picture> queue_;
  bool is_busy_ = false, is_ending_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

// Whether the file is there as the journal has it.
bool is_complete(const std::filesystem::path& file, const Record& record);

// Whether the file is a picture of this prompt and seed: one that was finished when its run was stopped before it could
// say so in the journal.
bool is_picture_of(const std::filesystem::path& file, const Job& job);

}  // namespace zimage::batch
