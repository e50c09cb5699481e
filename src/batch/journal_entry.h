// A journal's lines: what a run was asked for, and what became of each image.
#pragma once

#include "batch/job_reader.h"
#include "batch/shard.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::batch {

// What holds for all images of a journal; a run that goes on with it must have the same.
struct JournalHeader {
  std::string version;  // of zimage, for people
  std::uint64_t seed = 0;
  Shard shard;
  std::vector<std::pair<std::string, std::string>> settings;  // name and value
};

enum class Status { done, failed };

struct JournalEntry {
  Job job;
  Status status = Status::failed;
  double seconds = 0;
  std::string plan;         // in words
  std::uint64_t bytes = 0;  // of the file
  std::string sha256;       // of the file, in hexadecimal
  std::string error;        // one line, of a failed one
};

// One line each, without its end.
std::string to_line(const JournalHeader& header);
std::string to_line(const JournalEntry& entry);

// Throws Error(io) "PLACE: rule".
JournalHeader header_of(std::string_view line, const std::string& place);
JournalEntry entry_of(std::string_view line, const std::string& place);

// All that an image is made of and its file's name: equal for two images that are the same.
std::string identity_of(const Job& job);

}  // namespace zimage::batch
