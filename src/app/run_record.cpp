#include "app/run_record.h"

#include "runtime/device.h"

namespace zimage::app {
namespace {

std::string gpu_name(const std::string& device) {
  if (device == "cpu") return "";
  for (const DeviceInfo& info : cuda_devices()) {
    if (info.device == device) return info.name;
  }
  return "";
}

}  // namespace

RunRecord record_run(const Pipeline& pipeline, const std::string& model, const std::string& attention) {
  return {.model = model,
          .fingerprint = pipeline.fingerprint(),
          .device = pipeline.device(),
          .dtype = pipeline.dtype(),
          .attention = pipeline.attention(),
          .attention_choice = attention,
          .gpu = gpu_name(pipeline.device()),
          .torch = library_versions().torch};
}

GenerationRecord record_image(const RunRecord& run, const Request& request, const Result& result) {
  return {.run = run,
          .request = request,
          .width = result.image.width,
          .height = result.image.height,
          .levers = result.profile.plan.pixel_levers,
          .batch = result.profile.batch};
}

}  // namespace zimage::app
