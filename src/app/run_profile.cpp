#include "app/run_profile.h"

#include "app/format.h"
#include "app/json_values.h"
#include "base/text.h"

#include <algorithm>
#include <functional>

namespace zimage::app {
namespace {

using io::Json;

constexpr double kMiB = 1 << 20;

struct Stage {
  std::string name;
  double seconds = 0;
  AllocatorPeak peak;
  std::optional<std::uint64_t> device_bytes = {};
};

AllocatorPeak larger(const AllocatorPeak& a, const AllocatorPeak& b) {
  return {std::max(a.allocated, b.allocated), std::max(a.reserved, b.reserved)};
}

// The median and the largest peak of one stage over all timed images.
Stage stage_of(const RunProfile& run, const std::string& name, StageProfile Profile::*stage) {
  Stage result{name};
  std::vector<double> seconds;
  for (const TimedImage& image : run.images) {
    const StageProfile& of_image = image.profile.*stage;
    seconds.push_back(of_image.seconds);
    result.peak = larger(result.peak, of_image.peak);
  }
  result.seconds = median(seconds);
  return result;
}

std::vector<Stage> stages_of(const RunProfile& run) {
  return {{"load", run.load.seconds, run.load.peak, run.device_bytes_after_load},
          stage_of(run, "encode", &Profile::encode),
          stage_of(run, "denoise", &Profile::denoise),
          stage_of(run, "decode", &Profile::decode)};
}

double median_of(const RunProfile& run, const std::function<void(const TimedImage&, std::vector<double>&)>& collect) {
  std::vector<double> values;
  for (const TimedImage& image : run.images) collect(image, values);
  return median(values);
}

double image_seconds(const RunProfile& run) {
  return median_of(run, [](const TimedImage& image, auto& values) { values.push_back(image.seconds); });
}

double evaluation_seconds(const RunProfile& run) {
  return median_of(run, [](const TimedImage& image, auto& values) {
    const std::vector<double>& all = image.profile.evaluation_seconds;
    values.insert(values.end(), all.begin(), all.end());
  });
}

int encodes_of(const RunProfile& run) {
  int encodes = 0;
  for (const TimedImage& image : run.images) encodes += image.profile.encodes;
  return encodes;
}

std::string left(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}
std::string right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 1, ' ') + text;
}

std::string line_of(const std::string& name, double seconds, const AllocatorPeak& peak) {
  std::string line = left(name, 14) + right(format_fixed(seconds * 1000, 2), 12);
  if (peak.reserved > 0) line += right(format_bytes(peak.allocated), 12) + right(format_bytes(peak.reserved), 12);
  return line;
}

Json mib(std::uint64_t bytes) { return Json(static_cast<double>(bytes) / kMiB); }

Json json_of(const Stage& stage) {
  Json::Object memory{{"allocated", mib(stage.peak.allocated)}, {"reserved", mib(stage.peak.reserved)}};
  if (stage.device_bytes) memory.emplace_back("device", mib(*stage.device_bytes));
  return Json(Json::Object{{"seconds", Json(stage.seconds)}, {"measured_mib", Json(std::move(memory))}});
}

Json json_of(const TimedImage& image) {
  const Profile& p = image.profile;
  Json::Array evaluations;
  for (const double seconds : p.evaluation_seconds) evaluations.emplace_back(seconds);
  return Json(Json::Object{{"seed", json(image.seed)},
                           {"prompt_tokens", json(image.prompt_tokens)},
                           {"encodes", json(p.encodes)},
                           {"seconds", Json(image.seconds)},
                           {"encode_seconds", Json(p.encode.seconds)},
                           {"denoise_seconds", Json(p.denoise.seconds)},
                           {"evaluation_seconds", Json(std::move(evaluations))},
                           {"decode_seconds", Json(p.decode.seconds)}});
}

Json json_of(const std::vector<TimedImage>& images) {
  Json::Array array;
  for (const TimedImage& image : images) array.push_back(json_of(image));
  return Json(std::move(array));
}

Json::Object json_of(const RunDescription& d) {
  Json::Array command;
  for (const std::string& argument : d.command) command.push_back(json(printable(argument)));
  Json::Object machine{{"cpu", json(d.cpu)}};
  if (!d.gpu.empty()) {
    machine.insert(
        machine.begin(),
        {{"gpu", json(d.gpu)}, {"compute_capability", json(d.compute_capability)}, {"driver", json(d.driver)}});
  }
  return {{"zimage", json(ZIMAGE_VERSION)},
          {"date", json(d.date)},
          {"command", Json(std::move(command))},
          {"machine", Json(std::move(machine))},
          {"libraries", Json(Json::Object{{"torch", json(d.torch)}, {"cuda", json(d.cuda)}, {"cudnn", json(d.cudnn)}})},
          {"model", json(d.model)},
          {"device", json(d.device)},
          {"dtype", json(d.dtype)},
          {"attention", json(d.attention)},
          {"width", json(d.width)},
          {"height", json(d.height)},
          {"evaluations", json(d.evaluations)},
          {"guidance_scale", Json(d.guidance_scale)}};
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<std::string> profile_table(const RunProfile& run) {
  std::vector<std::string> lines;
  const bool on_gpu = !run.description.gpu.empty();
  lines.push_back(left("stage", 14) + right("ms", 12) + (on_gpu ? right("allocated", 12) + right("reserved", 12) : ""));
  for (const Stage& stage : stages_of(run)) {
    lines.push_back(line_of(stage.name, stage.seconds, stage.peak));
    if (stage.name == "denoise") lines.push_back(line_of("  evaluation", evaluation_seconds(run), {}));
  }
  lines.push_back(line_of("image", image_seconds(run), {}));
  std::string about = "medians of " + std::to_string(run.images.size()) + " images after " +
                      std::to_string(run.warmup.size()) + ", " + std::to_string(encodes_of(run)) + " encodes; host " +
                      format_bytes(run.host_bytes);
  if (run.device_bytes) about += ", device " + format_bytes(*run.device_bytes);
  lines.push_back(about);
  return lines;
}

std::string profile_json(const RunProfile& run) {
  Json::Object members = json_of(run.description);
  Json::Object stages;
  for (const Stage& stage : stages_of(run)) stages.emplace_back(stage.name, json_of(stage));
  members.emplace_back("stages", Json(std::move(stages)));
  members.emplace_back("image_seconds", Json(image_seconds(run)));
  members.emplace_back("evaluation_seconds", Json(evaluation_seconds(run)));
  members.emplace_back("encodes", json(encodes_of(run)));
  Json::Object memory{{"host", mib(run.host_bytes)}};
  if (run.device_bytes) memory.emplace_back("device", mib(*run.device_bytes));
  members.emplace_back("measured_mib", Json(std::move(memory)));
  members.emplace_back("images", json_of(run.images));
  members.emplace_back("warmup", json_of(run.warmup));
  return io::to_string(Json(std::move(members))) + "\n";
}

}  // namespace zimage::app
