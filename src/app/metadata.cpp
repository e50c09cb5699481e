#include "app/metadata.h"

#include "app/json_values.h"
#include "io/parameters.h"

namespace zimage::app {
namespace {

using Members = io::Json::Object;

void add_request(Members& members, const Request& request) {
  members.emplace_back("prompt", json(request.prompt));
  members.emplace_back("negative_prompt", json(request.negative_prompt));
  members.emplace_back("literal_prompt", io::Json(request.literal_prompt));
  if (!request.initial_noise) {
    members.emplace_back("seed", json(request.seed));
    members.emplace_back("rng", json(request.noise_source == NoiseSource::cpu ? "cpu" : "cuda"));
  } else {
    members.emplace_back("initial_noise", json("file"));
  }
  members.emplace_back("steps", json(request.steps));
  members.emplace_back("evaluations", json(request.steps - 1));
  members.emplace_back("guidance_scale", io::Json(request.guidance_scale));
  members.emplace_back("cfg_normalization", io::Json(request.cfg_normalization));
  members.emplace_back("cfg_truncation", io::Json(request.cfg_truncation));
}

std::string attention_slicing_word(const PixelLevers& levers) {
  return levers.heads_per_slice == 0 ? "off" : std::to_string(levers.heads_per_slice);
}

std::string activation_recompute_word(const PixelLevers& levers) { return levers.rows_per_chunk == 0 ? "off" : "on"; }

std::string vae_tiling_word(const PixelLevers& levers) {
  return levers.vae_tiling == VaeTiling::whole ? "off" : levers.vae_tiling == VaeTiling::strips ? "strips" : "tiles";
}

// In the shortest form that reads back equal.
std::string number(double value) { return io::to_string(io::Json(value)); }

io::Parameters parameters_of(const GenerationRecord& record) {
  constexpr std::size_t kHashDigits = 10;
  const Request& request = record.request;
  io::Parameters parameters{request.prompt, request.negative_prompt, {}};
  const auto add = [&](const char* name, const std::string& value) { parameters.fields.emplace_back(name, value); };
  add("Steps", std::to_string(request.steps));
  add("Sampler", "Euler");
  // Theirs is 1 without guidance: unconditional + scale * (conditional - unconditional).
  add("CFG scale", number(request.guidance_scale + 1));
  if (!request.initial_noise) add("Seed", std::to_string(request.seed));
  add("Size", std::to_string(record.width) + "x" + std::to_string(record.height));
  add("Model hash", record.run.fingerprint.substr(0, kHashDigits));
  add("Model", record.run.model);
  add("Version", "zimage " ZIMAGE_VERSION);
  return parameters;
}

}  // namespace

io::Json run_members(const RunRecord& run) {
  const std::string kind = run.device.substr(0, run.device.find(':'));  // pixels do not depend on a GPU's place
  Members members{{"model", json(run.model)}, {"fingerprint", json(run.fingerprint)}, {"device", json(kind)}};
  if (!run.gpu.empty()) members.emplace_back("gpu", json(run.gpu));
  members.emplace_back("dtype", json(run.dtype));
  members.emplace_back("attention", json(run.attention));
  members.emplace_back("attention_choice", json(run.attention_choice));
  members.emplace_back("torch", json(run.torch));
  return io::Json(std::move(members));
}

io::Json plan_members(const GenerationRecord& record) {
  const PixelLevers& levers = record.levers;
  Members members{{"attention_slicing", json(attention_slicing_word(levers))},
                  {"activation_recompute", json(activation_recompute_word(levers))},
                  {"vae_tiling", json(vae_tiling_word(levers))}};
  if (levers.rows_per_chunk > 0) members.emplace_back("recompute_rows", json(levers.rows_per_chunk));
  if (levers.vae_strip_rows > 0) members.emplace_back("strip_rows", json(levers.vae_strip_rows));
  if (levers.vae_tile > 0) members.emplace_back("tile_latents", json(levers.vae_tile));
  if (record.batch > 1) members.emplace_back("batch", json(record.batch));
  return io::Json(std::move(members));
}

io::PictureText picture_text(const GenerationRecord& record) {
  Members members{{"zimage", json(ZIMAGE_VERSION)}};
  add_request(members, record.request);
  members.emplace_back("width", json(record.width));
  members.emplace_back("height", json(record.height));
  const io::Json run = run_members(record.run);
  for (const auto& member : *run.as<Members>()) members.push_back(member);
  members.emplace_back("plan", plan_members(record));
  return {io::to_string(io::Json(std::move(members))), to_string(parameters_of(record))};
}

}  // namespace zimage::app
