#include "app/memory_timeline.h"

#include "app/format.h"

#include <algorithm>

namespace zimage::app {
namespace {

std::string mib(const std::optional<std::uint64_t>& bytes) {
  return bytes ? format_fixed(static_cast<double>(*bytes) / (1 << 20), 2) : "";
}

// An empty optional is smaller than any value.
MemoryReading larger(const MemoryReading& a, const MemoryReading& b) {
  return {std::max(a.device, b.device), std::max(a.reserved, b.reserved), std::max(a.allocated, b.allocated),
          std::max(a.host, b.host)};
}

}  // namespace

std::string timeline_csv(const std::vector<MemorySample>& samples) {
  std::string csv = "seconds,stage,device_mib,reserved_mib,allocated_mib,host_rss_mib\n";
  for (const MemorySample& sample : samples) {
    const MemoryReading& m = sample.memory;
    csv += format_fixed(sample.seconds, 4) + ",";
    if (sample.stage) csv += name_of(*sample.stage);
    for (const auto& bytes : {m.device, m.reserved, m.allocated, std::optional(m.host)}) csv += "," + mib(bytes);
    csv += "\n";
  }
  return csv;
}

std::vector<StageBand> stage_bands(const std::vector<MemorySample>& samples) {
  std::vector<StageBand> bands;
  double begin = 0;  // a stage begins with the reading that ended the one before
  std::optional<Stage> stage;
  for (const MemorySample& sample : samples) {
    if (sample.stage && sample.stage == stage) {
      bands.back().end = sample.seconds;
    } else if (sample.stage) {
      bands.push_back({*sample.stage, begin, sample.seconds});
    }
    stage = sample.stage;
    begin = sample.seconds;
  }
  return bands;
}

std::vector<MemorySample> thinned(const std::vector<MemorySample>& samples, std::size_t count) {
  if (samples.size() <= count) return samples;
  const double begin = samples.front().seconds, span = samples.back().seconds - begin;
  std::vector<MemorySample> thin;
  std::size_t last = count;
  for (const MemorySample& sample : samples) {
    const double place = span > 0 ? (sample.seconds - begin) / span * static_cast<double>(count) : 0;
    const std::size_t bucket = std::min(count - 1, static_cast<std::size_t>(place));
    if (bucket == last) {
      thin.back().memory = larger(thin.back().memory, sample.memory);
    } else {
      thin.push_back(sample);
    }
    last = bucket;
  }
  return thin;
}

}  // namespace zimage::app
