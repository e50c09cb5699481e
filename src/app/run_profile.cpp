#include "app/run_profile.h"

#include <algorithm>
#include <functional>

namespace zimage::app {
namespace {

using Numbers = std::vector<double>;

double median_of(const std::vector<TimedImage>& images, const std::function<void(const TimedImage&, Numbers&)>& add) {
  Numbers values;
  for (const TimedImage& image : images) add(image, values);
  return median(std::move(values));
}

double median_of(const std::vector<const StageProfile*>& profiles,
                 const std::function<double(const StageProfile&)>& of) {
  Numbers values;
  for (const StageProfile* profile : profiles) values.push_back(of(*profile));
  return median(std::move(values));
}

StageProfile summary_of(const std::vector<const StageProfile*>& profiles) {
  StageProfile sum;
  for (const StageProfile* p : profiles) {
    sum.peak.allocated = std::max(sum.peak.allocated, p->peak.allocated);
    sum.peak.reserved = std::max(sum.peak.reserved, p->peak.reserved);
    sum.device_bytes = std::max(sum.device_bytes, p->device_bytes);
    sum.predicted.peak_bytes = std::max(sum.predicted.peak_bytes, p->predicted.peak_bytes);
    sum.streamed.bytes = std::max(sum.streamed.bytes, p->streamed.bytes);
  }
  sum.seconds = median_of(profiles, [](const StageProfile& p) { return p.seconds; });
  sum.predicted.seconds = median_of(profiles, [](const StageProfile& p) { return p.predicted.seconds; });
  sum.streamed.seconds = median_of(profiles, [](const StageProfile& p) { return p.streamed.seconds; });
  sum.streamed.waited_seconds = median_of(profiles, [](const StageProfile& p) { return p.streamed.waited_seconds; });
  return sum;
}

StageSummary stage_of(const RunProfile& run, Stage stage, StageProfile Profile::*member) {
  std::vector<const StageProfile*> profiles;
  for (const TimedImage& image : run.images) profiles.push_back(&(image.profile.*member));
  return {stage, summary_of(profiles)};
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<StageSummary> stage_summaries(const RunProfile& run) {
  return {{Stage::load, run.load},
          stage_of(run, Stage::encode, &Profile::encode),
          stage_of(run, Stage::denoise, &Profile::denoise),
          stage_of(run, Stage::decode, &Profile::decode)};
}

RunSummary run_summary(const RunProfile& run) {
  RunSummary sum;
  sum.image_seconds = median_of(run.images, [](const TimedImage& image, Numbers& n) { n.push_back(image.seconds); });
  sum.evaluation_seconds = median_of(run.images, [](const TimedImage& image, Numbers& n) {
    n.insert(n.end(), image.profile.evaluation_seconds.begin(), image.profile.evaluation_seconds.end());
  });
  int retries = 0;
  for (const TimedImage& image : run.images) {
    sum.encodes += image.profile.encodes;
    sum.plan = image.profile.plan;
    retries += image.profile.plan.retries;
    sum.pinned_bytes = std::max(sum.pinned_bytes, image.profile.host.pinned_bytes);
  }
  sum.plan.retries = retries;
  for (const MemorySample& sample : run.samples) {
    sum.device_bytes = std::max(sum.device_bytes, sample.memory.device.value_or(0));
  }
  return sum;
}

}  // namespace zimage::app
