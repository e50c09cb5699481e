#include "batch/writer.h"

#include "zimage/error.h"

#include "io/json.h"
#include "io/sha256.h"

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

namespace zimage::batch {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = 1ull << 30;  // of the largest picture

std::optional<std::string> content_of(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  return io::read_whole(file, kMaxFileBytes, ErrorKind::io);
}

}  // namespace

Writer::Writer(Journal& journal, fs::path dir, WriterHooks hooks)
    : journal_(journal), dir_(std::move(dir)), hooks_(std::move(hooks)), thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::push(Picture picture) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < kQueued || failure_; });
  rethrow();
  queue_.push_back(std::move(picture));
  changed_.notify_all();
}

void Writer::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (queue_.empty() && !is_busy_) || failure_; });
  rethrow();
}

void Writer::rethrow() {
  if (failure_) std::rethrow_exception(failure_);
}

void Writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_ending_ || !queue_.empty(); });
    if (queue_.empty() || failure_) return;
    Picture picture = std::move(queue_.front());
    queue_.pop_front();
    is_busy_ = true;
    lock.unlock();
    std::exception_ptr failure;
    try {
      write(picture);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    is_busy_ = false;
    failure_ = failure;
    changed_.notify_all();
  }
}

void Writer::write(Picture& picture) {
  JournalEntry& entry = picture.entry;
  std::string png;
  if (entry.status == Status::done) {
    png = io::png_bytes(picture.image, picture.text);
    entry.bytes = png.size();
    entry.sha256 = io::hex(io::sha256(png));
  }
  hooks_.guard([&] {
    if (entry.status == Status::done) {
      io::write_atomically(dir_ / entry.job.file, std::as_bytes(std::span(png)), picture.overwrite);
    }
    journal_.append(entry);
  });
  hooks_.on_written(entry);
}

bool is_complete(const fs::path& file, const Record& record) {
  if (record.status != Status::done) return false;
  std::error_code error;
  if (fs::file_size(file, error) != record.bytes || error) return false;
  const auto content = content_of(file);
  if (!content) return false;
  const io::Sha256 digest = io::sha256(*content);
  return std::equal(digest.begin(), digest.end(), record.sha256.begin(), record.sha256.end(),
                    [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
}

bool is_picture_of(const fs::path& file, const Job& job) {
  const auto content = content_of(file);
  if (!content) return false;
  try {
    const auto text = io::read_png_metadata(*content, "");
    if (!text) return false;
    const io::Json json = io::parse_json(*text, "");
    const io::Json *const prompt = json.find("prompt"), *const seed = json.find("seed");
    const std::string* const drawn = prompt == nullptr ? nullptr : prompt->as<std::string>();
    return drawn != nullptr && *drawn == job.request.prompt && seed != nullptr &&
           io::to_string(*seed) == std::to_string(job.request.seed);
  } catch (const Error&) {
    return false;  // no picture of ours
  }
}

}  // namespace zimage::batch
