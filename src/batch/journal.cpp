#include "batch/journal.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/file.h"
#include "io/sha256.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace zimage::batch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStem = "zimage-journal", kExtension = ".jsonl";

[[noreturn]] void fail(const fs::path& path, const std::string& rule) {
  throw Error(ErrorKind::io, printable(path.native()) + ": " + rule);
}

[[noreturn]] void fail(const fs::path& path, const std::string& action, int error) {
  fail(path, action + ": " + std::generic_category().message(error));
}

std::string digest_of(std::string_view text) {
  const io::Sha256 digest = io::sha256(text);
  return {reinterpret_cast<const char*>(digest.data()), 16};
}

// 64 digits as 32 bytes.
std::string binary(const std::string& hexadecimal) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes += static_cast<char>(value(hexadecimal[i]) * 16 + value(hexadecimal[i + 1]));
  }
  return bytes;
}

// The first field in which they differ, in words.
std::string difference(const Job& then, const Job& now) {
  const Request &a = then.request, &b = now.request;
  const auto text = [](const char* name, const std::string& old) {
    return std::string("its ") + name + " was " + printable(old, 100);
  };
  if (a.prompt != b.prompt) return text("prompt", a.prompt);
  if (a.negative_prompt != b.negative_prompt) return text("negative_prompt", a.negative_prompt);
  if (a.seed != b.seed) return text("seed", std::to_string(a.seed));
  if (a.width != b.width) return text("width", std::to_string(a.width));
  if (a.height != b.height) return text("height", std::to_string(a.height));
  if (a.steps != b.steps) return text("steps", std::to_string(a.steps));
  if (a.guidance_scale != b.guidance_scale) return text("guidance_scale", std::to_string(a.guidance_scale));
  return text("file", then.file);
}

// The entry in this line of the journal, which was read before.
Job job_in_line(const fs::path& journal, std::size_t wanted) {
  Job job;
  read_journal_file(journal, [&](JournalEntry entry, std::size_t line) {
    if (line == wanted) job = std::move(entry.job);
  });
  return job;
}

}  // namespace

void Records::add(const JournalEntry& entry, std::size_t line) {
  records_[entry.job.index] = {digest_of(identity_of(entry.job)), entry.status, entry.bytes, binary(entry.sha256),
                               line};
}

const Record* Records::find(std::uint64_t index) const {
  const auto found = records_.find(index);
  return found == records_.end() ? nullptr : &found->second;
}

void Records::check_same(const Job& job, const std::string& place, const fs::path& journal) const {
  const Record* const record = find(job.index);
  if (record == nullptr || record->status != Status::done || record->identity == digest_of(identity_of(job))) return;
  throw Error(ErrorKind::usage, place + ": image " + std::to_string(job.index) + " is another one than in " +
                                    printable(journal.native()) + ":" + std::to_string(record->line) + ", where " +
                                    difference(job_in_line(journal, record->line), job) +
                                    "; only at the end may a list change, or take another folder");
}

void Records::check_end(std::uint64_t count, const fs::path& journal) const {
  std::optional<std::uint64_t> first;
  for (const auto& [index, record] : records_) {
    if (index >= count && record.status == Status::done && index < first.value_or(UINT64_MAX)) first = index;
  }
  if (!first) return;
  throw Error(ErrorKind::usage, printable(journal.native()) + ":" + std::to_string(find(*first)->line) + ": image " +
                                    std::to_string(*first) + " (" +
                                    printable(job_in_line(journal, find(*first)->line).file, 300) +
                                    ") was removed: the list has only " + std::to_string(count) + " images");
}

std::size_t Records::done() const {
  return static_cast<std::size_t>(std::count_if(records_.begin(), records_.end(),
                                                [](const auto& entry) { return entry.second.status == Status::done; }));
}

fs::path Journal::path_in(const fs::path& dir, const Shard& shard) {
  std::string name(kStem);
  if (!shard.is_whole()) name += "-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count);
  return dir / name.append(kExtension);
}

std::optional<Journal> Journal::open(const fs::path& dir, const Shard& shard) {
  const fs::path path = path_in(dir, shard);
  for (const fs::path& other : journals_in(dir)) {
    const std::string end = "-of-" + std::to_string(shard.count) + std::string(kExtension);
    const bool same = shard.is_whole() ? other == path : other.native().ends_with(end);
    if (!same) fail(other, "a run with another --shard worked in this folder; take the same N, or another folder");
  }
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return std::nullopt;
  Journal journal(path, 0);
  journal.read();
  return journal;
}

Journal Journal::create(const fs::path& dir, const JournalHeader& header) {
  Journal journal(path_in(dir, header.shard), O_CREAT | O_EXCL);
  journal.begin(header);
  io::sync_directory(dir);
  return journal;
}

Journal::Journal(fs::path path, int flags) : path_(std::move(path)) {
  // Neither a FIFO, which would be waited for, nor what a link leads to.
  constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  do {
    descriptor_ = ::open(path_.c_str(), kFlags | flags, 0666);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail(path_, "cannot open", errno);
  Journal owner(std::move(*this));  // closes the descriptor if a check below throws
  struct stat status {};
  if (::fstat(owner.descriptor_, &status) != 0) fail(owner.path_, "cannot read its size", errno);
  if (!S_ISREG(status.st_mode)) fail(owner.path_, "not a regular file");
  while (::flock(owner.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) fail(owner.path_, "another run is working in this folder");
    if (errno != EINTR) fail(owner.path_, "cannot lock", errno);
  }
  *this = std::move(owner);
}

Journal::Journal(Journal&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      header_(std::move(other.header_)),
      records_(std::move(other.records_)) {}

Journal& Journal::operator=(Journal&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(header_, other.header_);
  std::swap(records_, other.records_);
  return *this;
}

Journal::~Journal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Journal::read() {
  const JournalExtent extent =
      read_journal_file(path_, [&](const JournalEntry& entry, std::size_t line) { records_.add(entry, line); });
  header_ = extent.header;
  size_ = extent.whole_bytes;
}

void Journal::begin(const JournalHeader& header) {
  append_line(to_line(header));
  header_ = header;
}

void Journal::append(const JournalEntry& entry) { append_line(to_line(entry)); }

void Journal::append_line(std::string line) {
  line += '\n';
  // What a crash, or an append that failed, left behind the last whole line.
  while (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
    if (errno != EINTR) fail(path_, "cannot cut off a torn line", errno);
  }
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(path_, "cannot write", written < 0 ? errno : EIO);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  while (::fsync(descriptor_) != 0) {
    if (errno != EINTR) fail(path_, "cannot sync", errno);
  }
  size_ += line.size();
}

std::vector<fs::path> journals_in(const fs::path& dir) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kStem) && name.ends_with(kExtension)) found.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) fail(dir, "cannot be listed: " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

JournalExtent read_journal_file(const fs::path& path,
                                const std::function<void(JournalEntry entry, std::size_t line)>& on_entry) {
  return read_journal(source_of_file(path, ErrorKind::io), on_entry);
}

}  // namespace zimage::batch
