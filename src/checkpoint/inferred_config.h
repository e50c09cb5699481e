// A component's configuration where no config.json says it: the sizes from its tensors, the rest as the published model
// has it. Names are the program's own. That all tensors fit together is checked against the result afterwards.
#pragma once

#include "checkpoint/checkpoint.h"
#include "plan/model_config.h"

namespace zimage {

// Each throws Error(model) naming file, tensor and rule.
TextEncoderConfig inferred_text_encoder_config(const ComponentFiles& files);
TransformerConfig inferred_transformer_config(const ComponentFiles& files);
VaeConfig inferred_vae_config(const ComponentFiles& files);

// Z-Image-Turbo's.
SchedulerConfig published_scheduler_config();

}  // namespace zimage
