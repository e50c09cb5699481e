// A run's cost as JSON for programs.
#include "app/json_values.h"
#include "app/run_profile.h"
#include "base/text.h"

namespace zimage::app {
namespace {

using io::Json;

constexpr double kMiB = 1 << 20;

// Adds a member unless it is unknown.
void add_mib(Json::Object& object, const char* key, std::uint64_t bytes) {
  if (bytes > 0) object.emplace_back(key, Json(static_cast<double>(bytes) / kMiB));
}
void add_seconds(Json::Object& object, const char* key, double seconds) {
  if (seconds > 0) object.emplace_back(key, Json(seconds));
}

Json json_of(const StageProfile& p) {
  Json::Object stage{{"seconds", Json(p.seconds)}};
  add_seconds(stage, "predicted_seconds", p.predicted.seconds);
  Json::Object memory;
  add_mib(memory, "allocated", p.peak.allocated);
  add_mib(memory, "reserved", p.peak.reserved);
  add_mib(memory, "device", p.device_bytes);
  stage.emplace_back("measured_mib", Json(std::move(memory)));
  add_mib(stage, "predicted_peak_mib", p.predicted.peak_bytes);
  add_mib(stage, "streamed_mib", p.streamed.bytes);
  add_seconds(stage, "transfer_seconds", p.streamed.seconds);
  if (p.streamed.seconds > 0) stage.emplace_back("transfer_hidden_share", Json(p.streamed.hidden_share()));
  return Json(std::move(stage));
}

Json json_of(const PlanProfile& plan) {
  Json::Object object{{"levers", json(plan.levers)}};
  add_mib(object, "budget_mib", plan.budget_bytes);
  if (plan.rung > 0) object.emplace_back("rung", json(plan.rung));
  object.emplace_back("retries", json(plan.retries));
  return Json(std::move(object));
}

Json json_of(const TimedImage& image) {
  const Profile& p = image.profile;
  Json::Array evaluations;
  for (const double seconds : p.evaluation_seconds) evaluations.emplace_back(seconds);
  Json::Object object{{"seed", json(image.seed)},
                      {"prompt_tokens", json(image.prompt_tokens)},
                      {"encodes", json(p.encodes)},
                      {"seconds", Json(image.seconds)},
                      {"encode_seconds", Json(p.encode.seconds)},
                      {"denoise_seconds", Json(p.denoise.seconds)},
                      {"evaluation_seconds", Json(std::move(evaluations))},
                      {"decode_seconds", Json(p.decode.seconds)}};
  add_mib(object, "host_mib", p.host.resident_bytes);
  if (!p.plan.levers.empty()) object.emplace_back("plan", json_of(p.plan));
  return Json(std::move(object));
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

std::string profile_json(const RunProfile& run) {
  const RunSummary summary = run_summary(run);
  Json::Object members = json_of(run.description);
  Json::Object stages;
  for (const auto& [stage, profile] : stage_summaries(run)) {
    stages.emplace_back(std::string(name_of(stage)), json_of(profile));
  }
  members.emplace_back("stages", Json(std::move(stages)));
  if (!summary.plan.levers.empty()) members.emplace_back("plan", json_of(summary.plan));
  members.emplace_back("image_seconds", Json(summary.image_seconds));
  members.emplace_back("evaluation_seconds", Json(summary.evaluation_seconds));
  members.emplace_back("encodes", json(summary.encodes));
  Json::Object memory;
  add_mib(memory, "host", run.host_bytes);
  add_mib(memory, "pinned", summary.pinned_bytes);
  add_mib(memory, "device", summary.device_bytes);
  members.emplace_back("measured_mib", Json(std::move(memory)));
  members.emplace_back("images", json_of(run.images));
  members.emplace_back("warmup", json_of(run.warmup));
  return io::to_string(Json(std::move(members))) + "\n";
}

}  // namespace zimage::app
