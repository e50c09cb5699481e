// What the journals of a folder hold, of one run or of all its shards.
#pragma once

#include "batch/journal.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zimage::batch {

struct Report {
  std::vector<std::filesystem::path> journals;
  std::vector<Shard> missing;          // shards without a journal
  std::vector<JournalEntry> entries;   // the last one of each image, by index
  std::vector<std::uint64_t> damaged;  // images that were drawn and whose file is not there in that size

  std::uint64_t drawn() const;
  std::uint64_t failed() const;
  double seconds() const;       // of all that were drawn
  std::uint64_t bytes() const;  // of their files
  bool is_whole() const { return failed() == 0 && missing.empty() && damaged.empty(); }
};

// Throws Error(io) where there is no journal, and what reading one throws.
Report read_report(const std::filesystem::path& dir);

std::string report_text(const Report& report);
std::string report_json(const Report& report);  // one line

}  // namespace zimage::batch
