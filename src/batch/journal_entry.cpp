#include "batch/journal_entry.h"

#include "zimage/error.h"

#include "io/json.h"

#include <cmath>

namespace zimage::batch {
namespace {

using io::Json;

constexpr std::int64_t kFormat = 1;
constexpr const char* kMark = "zimage_journal";

Json text(std::string_view value) { return Json(std::string(value)); }

// Where an int64 holds the number it is one, as a reader of JSON makes it.
Json number(std::uint64_t value) { return value <= INT64_MAX ? Json(static_cast<std::int64_t>(value)) : Json(value); }

Json number(int value) { return Json(static_cast<std::int64_t>(value)); }

void add_parameters(Json::Object& members, const Job& job) {
  const Request& r = job.request;
  members.emplace_back("prompt", text(r.prompt));
  members.emplace_back("negative_prompt", text(r.negative_prompt));
  members.emplace_back("seed", number(r.seed));
  members.emplace_back("width", number(r.width));
  members.emplace_back("height", number(r.height));
  members.emplace_back("steps", number(r.steps));
  members.emplace_back("guidance_scale", Json(r.guidance_scale));
  members.emplace_back("file", text(job.file));
}

// An object's members, each of which must be there and have its type.
class Members {
 public:
  Members(std::string_view line, const std::string& place) : place_(place) {
    try {
      json_ = io::parse_json(line, place, {.max_depth = 3});
    } catch (const Error& error) {
      throw Error(ErrorKind::io, error.what());  // no model file
    }
    if (json_.as<Json::Object>() == nullptr) throw Error(ErrorKind::io, place_ + ": must be a JSON object");
  }

  [[noreturn]] void refuse(std::string_view name, const std::string& rule) const {
    throw Error(ErrorKind::io, place_ + ": " + std::string(name) + ": " + rule);
  }

  template <class T>
  const T& at(std::string_view name, const char* rule) const {
    const Json* const member = json_.find(name);
    const T* const value = member == nullptr ? nullptr : member->as<T>();
    if (value == nullptr) refuse(name, rule);
    return *value;
  }

  const std::string& text(std::string_view name) const { return at<std::string>(name, "must be a string"); }

  std::uint64_t number(std::string_view name) const {
    const Json* const member = json_.find(name);
    if (member != nullptr) {
      if (const auto* const large = member->as<std::uint64_t>()) return *large;
      const auto* const value = member->as<std::int64_t>();
      if (value != nullptr && *value >= 0) return static_cast<std::uint64_t>(*value);
    }
    refuse(name, "must be a whole number, 0 or more");
  }

  int small_number(std::string_view name) const {
    const std::uint64_t value = number(name);
    if (value > INT32_MAX) refuse(name, "must be at most 2147483647");
    return static_cast<int>(value);
  }

  double real(std::string_view name) const {
    const Json* const member = json_.find(name);
    if (member != nullptr) {
      if (const auto* const value = member->as<double>(); value != nullptr && *value >= 0) return *value;
      if (const auto* const value = member->as<std::int64_t>(); value != nullptr && *value >= 0) {
        return static_cast<double>(*value);
      }
    }
    refuse(name, "must be a number, 0 or more");
  }

 private:
  const std::string& place_;
  Json json_;
};

Job job_of(const Members& members) {
  Job job;
  job.index = members.number("index");
  job.line = members.number("line");
  Request& r = job.request;
  r.prompt = members.text("prompt");
  r.negative_prompt = members.text("negative_prompt");
  r.seed = members.number("seed");
  r.width = members.small_number("width");
  r.height = members.small_number("height");
  r.steps = members.small_number("steps");
  r.guidance_scale = members.real("guidance_scale");
  job.file = members.text("file");
  const std::string breach = breach_of_name(job.file);
  if (!breach.empty()) members.refuse("file", breach);
  return job;
}

// Rounded; what a journal of somebody else's says may be too large for that.
double in_milliseconds(double seconds) { return seconds < 1e12 ? std::round(seconds * 1000) / 1000 : seconds; }

}  // namespace

std::string identity_of(const Job& job) {
  Json::Object members;
  add_parameters(members, job);
  return io::to_string(Json(std::move(members)));
}

std::string to_line(const JournalHeader& header) {
  Json::Object settings;
  for (const auto& [name, value] : header.settings) settings.emplace_back(name, text(value));
  return io::to_string(Json(Json::Object{{kMark, Json(kFormat)},
                                         {"zimage", text(header.version)},
                                         {"seed", number(header.seed)},
                                         {"shard", text(to_string(header.shard))},
                                         {"settings", Json(std::move(settings))}}));
}

std::string to_line(const JournalEntry& entry) {
  Json::Object members{{"index", number(entry.job.index)},
                       {"line", number(static_cast<std::uint64_t>(entry.job.line))},
                       {"status", text(entry.status == Status::done ? "done" : "failed")}};
  add_parameters(members, entry.job);
  members.emplace_back("seconds", Json(in_milliseconds(entry.seconds)));
  members.emplace_back("plan", text(entry.plan));
  if (entry.status == Status::done) {
    members.emplace_back("bytes", number(entry.bytes));
    members.emplace_back("sha256", text(entry.sha256));
  } else {
    members.emplace_back("error", text(entry.error));
  }
  return io::to_string(Json(std::move(members)));
}

JournalHeader header_of(std::string_view line, const std::string& place) {
  const Members members(line, place);
  if (members.at<std::int64_t>(kMark, "must be 1; is this a journal of zimage?") != kFormat) {
    members.refuse(kMark, "is not 1: written by another version of zimage");
  }
  JournalHeader header;
  header.version = members.text("zimage");
  header.seed = members.number("seed");
  try {
    header.shard = parse_shard("shard", members.text("shard"));
  } catch (const Error& error) {
    members.refuse("shard", error.what());
  }
  for (const auto& [name, value] : members.at<Json::Object>("settings", "must be an object")) {
    const std::string* const value_text = value.as<std::string>();
    if (value_text == nullptr) members.refuse("settings", "must hold strings");
    header.settings.emplace_back(name, *value_text);
  }
  return header;
}

JournalEntry entry_of(std::string_view line, const std::string& place) {
  const Members members(line, place);
  JournalEntry entry;
  entry.job = job_of(members);
  const std::string& status = members.text("status");
  if (status != "done" && status != "failed") members.refuse("status", "must be done or failed");
  entry.status = status == "done" ? Status::done : Status::failed;
  entry.seconds = members.real("seconds");
  entry.plan = members.text("plan");
  if (entry.status == Status::failed) {
    entry.error = members.text("error");
    return entry;
  }
  entry.bytes = members.number("bytes");
  entry.sha256 = members.text("sha256");
  const bool is_digest =
      entry.sha256.size() == 64 && entry.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_digest) members.refuse("sha256", "must be 64 hexadecimal digits");
  return entry;
}

}  // namespace zimage::batch
