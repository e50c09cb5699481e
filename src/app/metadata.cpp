#include "app/metadata.h"

#include "app/json_values.h"

namespace zimage::app {

std::string metadata_json(const GenerationRecord& record) {
  const Request& request = record.request;
  io::Json::Object members{{"zimage", json(ZIMAGE_VERSION)},
                           {"prompt", json(request.prompt)},
                           {"negative_prompt", json(request.negative_prompt)},
                           {"literal_prompt", io::Json(request.literal_prompt)}};
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
  members.emplace_back("width", json(record.width));
  members.emplace_back("height", json(record.height));
  members.emplace_back("model", json(record.model));
  members.emplace_back("device", json(record.device));
  members.emplace_back("dtype", json(record.dtype));
  members.emplace_back("attention", json(record.attention));
  return io::to_string(io::Json(std::move(members)));
}

}  // namespace zimage::app
