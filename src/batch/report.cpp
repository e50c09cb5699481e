#include "batch/report.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/json.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <numeric>
#include <system_error>
#include <utility>

namespace zimage::batch {
namespace {

namespace fs = std::filesystem;
using io::Json;

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.*f", decimals, value));  // 64 bytes hold years
  return text.data();
}

bool has_file(const fs::path& dir, const JournalEntry& entry) {
  std::error_code error;
  return fs::file_size(dir / entry.job.file, error) == entry.bytes && !error;
}

// A line of the prompt file can ask for several images, so both are said.
std::string name_of(const JournalEntry& entry) {
  return "image " + std::to_string(entry.job.index) + " (line " + std::to_string(entry.job.line) + ", " +
         printable(entry.job.file, 300) + ")";
}

Json number(std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); }

}  // namespace

std::uint64_t Report::drawn() const {
  return static_cast<std::uint64_t>(
      std::count_if(entries.begin(), entries.end(), [](const JournalEntry& e) { return e.status == Status::done; }));
}

std::uint64_t Report::failed() const { return entries.size() - drawn(); }

double Report::seconds() const {
  return std::accumulate(entries.begin(), entries.end(), 0.0, [](double sum, const JournalEntry& e) {
    return sum + (e.status == Status::done ? e.seconds : 0);
  });
}

std::uint64_t Report::bytes() const {
  return std::accumulate(entries.begin(), entries.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const JournalEntry& e) { return sum + e.bytes; });
}

Report read_report(const fs::path& dir) {
  Report report;
  report.journals = journals_in(dir);
  if (report.journals.empty())
    throw Error(ErrorKind::io, printable(dir.native()) + ": holds no journal of zimage batch");
  std::map<std::uint64_t, JournalEntry> entries;
  std::vector<Shard> shards;
  for (const fs::path& path : report.journals) {
    const JournalExtent extent = read_journal_file(
        path, [&](JournalEntry entry, std::size_t) { entries.insert_or_assign(entry.job.index, std::move(entry)); });
    if (extent.header) shards.push_back(extent.header->shard);
  }
  const std::uint64_t count = shards.empty() ? 0 : shards.front().count;
  for (std::uint64_t index = 0; index < count; ++index) {
    const bool is_there =
        std::any_of(shards.begin(), shards.end(), [&](const Shard& shard) { return shard.index == index; });
    if (!is_there) report.missing.push_back({index, count});
  }
  for (auto& [index, entry] : entries) {
    if (entry.status == Status::done && !has_file(dir, entry)) report.damaged.push_back(index);
    report.entries.push_back(std::move(entry));
  }
  return report;
}

std::string report_text(const Report& report) {
  const std::uint64_t drawn = report.drawn();
  std::string text = std::to_string(report.journals.size()) + " journals: " + std::to_string(drawn) + " drawn, " +
                     std::to_string(report.failed()) + " failed\n";
  if (drawn > 0) {
    text += fixed(report.seconds() / static_cast<double>(drawn), 2) + " s an image, " + fixed(report.seconds(), 1) +
            " s in all; " + fixed(static_cast<double>(report.bytes()) / (1 << 20), 1) + " MiB of pictures\n";
  }
  for (const Shard& shard : report.missing) text += "shard " + to_string(shard) + ": no journal\n";
  for (const JournalEntry& entry : report.entries) {
    if (entry.status == Status::failed) text += name_of(entry) + ": " + printable(entry.error, 1000) + "\n";
    if (std::binary_search(report.damaged.begin(), report.damaged.end(), entry.job.index)) {
      text += name_of(entry) + ": its file is missing or of another size\n";
    }
  }
  return text;
}

std::string report_json(const Report& report) {
  Json::Array journals, missing, damaged, failures;
  for (const fs::path& path : report.journals) journals.push_back(Json(path.filename().string()));
  for (const Shard& shard : report.missing) missing.push_back(Json(to_string(shard)));
  for (const std::uint64_t index : report.damaged) damaged.push_back(number(index));
  for (const JournalEntry& entry : report.entries) {
    if (entry.status == Status::done) continue;
    failures.push_back(Json(Json::Object{{"index", number(entry.job.index)},
                                         {"line", number(entry.job.line)},
                                         {"file", Json(entry.job.file)},
                                         {"error", Json(entry.error)}}));
  }
  return io::to_string(Json(Json::Object{{"journals", Json(std::move(journals))},
                                         {"missing_shards", Json(std::move(missing))},
                                         {"drawn", number(report.drawn())},
                                         {"failed", Json(std::move(failures))},
                                         {"damaged", Json(std::move(damaged))},
                                         {"seconds", Json(report.seconds())},
                                         {"bytes", number(report.bytes())}})) +
         "\n";
}

}  // namespace zimage::batch
