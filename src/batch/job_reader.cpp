#include "batch/job_reader.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/sha256.h"

#include <cstring>
#include <limits>
#include <utility>

namespace zimage::batch {
namespace {

// Enough to tell ten million names apart.
std::uint64_t short_digest(std::string_view text) {
  const io::Sha256 digest = io::sha256(text);
  std::uint64_t first = 0;
  std::memcpy(&first, digest.data(), sizeof first);
  return first;
}

}  // namespace

JobReader::JobReader(const JobRules& rules, ItemReader items)
    : rules_(rules), items_(std::move(items)), names_(rules.name_template, "--name-template") {}

void JobReader::begin(Item item) {
  const std::string place = items_.place(item.line);
  own_name_.reset();
  if (item.out) own_name_.emplace(*item.out, place + ": out");
  wildcards_ = rules_.expand ? Wildcards(item.prompt, place) : Wildcards::none(item.prompt);
  variant_ = repetition_ = 0;
  repetitions_ = item.count ? static_cast<std::uint64_t>(*item.count) : rules_.defaults.count;
  item_ = std::move(item);
}

std::optional<Job> JobReader::next() {
  if (!is_within_item()) {
    item_.reset();
    auto item = items_.next();
    if (!item) return std::nullopt;
    begin(std::move(*item));
  }
  if (index_ == kMaxImages) refuse("more than " + std::to_string(kMaxImages) + " images");
  const Item& item = *item_;
  Job job{index_, item.line, rules_.defaults.request, {}};
  Request& request = job.request;
  request.prompt = wildcards_.prompt(variant_);
  request.seed = seed_of(repetition_);
  if (item.negative_prompt) request.negative_prompt = *item.negative_prompt;
  if (item.width) request.width = *item.width;
  if (item.height) request.height = *item.height;
  if (item.steps) request.steps = *item.steps;
  if (item.guidance_scale) request.guidance_scale = *item.guidance_scale;
  job.file = claim_name(job);
  ++index_;
  if (++repetition_ == repetitions_) {
    repetition_ = 0;
    ++variant_;
  }
  return job;
}

std::uint64_t JobReader::seed_of(std::uint64_t repetition) const {
  const std::uint64_t first = item_->seed.value_or(rules_.defaults.seed);
  const std::uint64_t offset = item_->seed ? repetition : index_;
  if (offset > std::numeric_limits<std::uint64_t>::max() - first) {
    refuse((item_->seed ? "seed " : "--seed ") + std::to_string(first) + " and " + std::to_string(offset) +
           " more: seeds end at 18446744073709551615");
  }
  return first + offset;
}

std::string JobReader::claim_name(const Job& job) {
  const NameTemplate& names = own_name_ ? *own_name_ : names_;
  std::string name;
  try {
    name = names.fill({job.index, job.request.seed, job.line, job.request.prompt});
  } catch (const Error& error) {
    if (own_name_) throw;  // it says where
    refuse(error.what());
  }
  const auto [place, is_new] = taken_.emplace(short_digest(collision_key(name)), job.index);
  if (!is_new) {
    refuse("image " + std::to_string(job.index) + " would have the name of image " + std::to_string(place->second) +
           ", " + printable(name, 300));
  }
  return name;
}

void JobReader::refuse(const std::string& rule) const {
  throw Error(ErrorKind::usage, items_.place(item_->line) + ": " + rule);
}

}  // namespace zimage::batch
