// The journal of a run in its output folder: what was drawn already, and a place for what comes next. One process at a
// time has it.
#pragma once

#include "batch/journal_reader.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

namespace zimage::batch {

// What the journal says of an image.
struct Record {
  std::string identity;  // a digest of all that the image is made of
  Status status = Status::failed;
  std::uint64_t bytes = 0;  // of its file
  std::string sha256;       // of its file; binary
  std::size_t line = 0;     // of the journal
};

class Records {
 public:
  void add(const JournalEntry& entry, std::size_t line);
  const Record* find(std::uint64_t index) const;
  // Throws Error(usage) naming the place and what differs when the journal has another image of this index that is
  // done. journal: its path.
  void check_same(const Job& job, const std::string& place, const std::filesystem::path& journal) const;
  // Throws Error(usage) when the journal has an image that is done and comes after the last of the list.
  void check_end(std::uint64_t count, const std::filesystem::path& journal) const;
  std::size_t done() const;

 private:
  std::unordered_map<std::uint64_t, Record> records_;
};

class Journal {
 public:
  // "zimage-journal.jsonl", or that of a shard.
  static std::filesystem::path path_in(const std::filesystem::path& dir, const Shard& shard);

  // Locked and read; nothing where there is none. Throws Error(io) when another process has it, for what it cannot be
  // read as, and naming a journal of another division into shards.
  static std::optional<Journal> open(const std::filesystem::path& dir, const Shard& shard);
  // A new one, locked, with its header. Throws Error(io), also when there is one.
  static Journal create(const std::filesystem::path& dir, const JournalHeader& header);

  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  ~Journal();

  const std::filesystem::path& path() const { return path_; }
  const std::optional<JournalHeader>& header() const { return header_; }
  const Records& records() const { return records_; }

  // For one whose run ended before it had a header.
  void begin(const JournalHeader& header);
  // On the disk when this returns. Throws Error(io); the journal then ends with the entry before.
  void append(const JournalEntry& entry);

 private:
  Journal(std::filesystem::path path, int flags);
  void read();
  void append_line(std::string line);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;  // of what is whole
  std::optional<JournalHeader> header_;
  Records records_;
};

// The journals of a folder, of one run or of all shards, by name.
std::vector<std::filesystem::path> journals_in(const std::filesystem::path& dir);

// Reads one that is not ours to lock. Throws as read_journal does.
JournalExtent read_journal_file(const std::filesystem::path& path,
                                const std::function<void(JournalEntry entry, std::size_t line)>& on_entry);

}  // namespace zimage::batch
