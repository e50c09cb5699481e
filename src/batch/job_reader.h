// The images that a file of prompts asks for, in order: each item by its alternatives, each of these by its count.
#pragma once

#include "zimage/request.h"

#include "batch/file_name.h"
#include "batch/item_reader.h"
#include "batch/wildcards.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace zimage::batch {

// What holds for items that do not say otherwise.
struct JobDefaults {
  Request request;         // without prompt and seed
  std::uint64_t seed = 0;  // of the first image; each other's is its index more
  std::uint64_t count = 1;
};

struct JobRules {
  JobDefaults defaults;
  std::string name_template = std::string(NameTemplate::kDefault);
  bool expand = false;  // {red|blue}
};

struct Job {
  std::uint64_t index = 0;  // in the whole list, from 0
  std::size_t line = 0;     // of the prompt file
  Request request;
  std::string file;  // its name in the output folder
};

class JobReader {
 public:
  static constexpr std::uint64_t kMaxImages = 10'000'000;

  // Throws Error(usage) for a name template that breaks its rule.
  JobReader(const JobRules& rules, ItemReader items);

  // An item's own seed is its first image's, the same for each of its alternatives. Throws Error(usage) naming file,
  // line, field and rule: also for two images of one name, and seeds above 2^64 - 1.
  std::optional<Job> next();
  // "FILE:LINE"
  std::string place(const Job& job) const { return items_.place(job.line); }
  // next() would not wait for more of a pipe.
  bool is_ready() const { return is_within_item() || items_.is_ready(); }

 private:
  bool is_within_item() const { return item_ && variant_ < wildcards_.count(); }
  void begin(Item item);
  std::uint64_t seed_of(std::uint64_t repetition) const;
  std::string claim_name(const Job& job);
  [[noreturn]] void refuse(const std::string& rule) const;

  JobRules rules_;
  ItemReader items_;
  NameTemplate names_;
  std::unordered_map<std::uint64_t, std::uint64_t> taken_;  // the name's digest, the image's index
  std::uint64_t index_ = 0;

  // The item at hand, and which of its images comes next.
  std::optional<Item> item_;
  std::optional<NameTemplate> own_name_;
  Wildcards wildcards_ = Wildcards::none("");
  std::uint64_t variant_ = 0, repetition_ = 0, repetitions_ = 1;
};

}  // namespace zimage::batch
