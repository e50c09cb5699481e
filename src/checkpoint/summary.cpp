#include "checkpoint/summary.h"

namespace zimage {
namespace {

ComponentSummary summarize(const std::string& name, const ComponentFiles& component) {
  const StoredTensors& stored = component.stored();
  ComponentSummary summary{
      name, stored.files, stored.tensors, 0, component.parameters(), stored.parameters, stored.file_bytes};
  for (const auto& [dtype, parameters] : stored.parameters) summary.parameters += parameters;
  return summary;
}

}  // namespace

std::vector<ComponentSummary> summarize(const Checkpoint& checkpoint) {
  return {summarize("text_encoder", checkpoint.text_encoder()), summarize("transformer", checkpoint.transformer()),
          summarize("vae", checkpoint.vae())};
}

}  // namespace zimage
