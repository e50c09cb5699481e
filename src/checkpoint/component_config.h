// config.json of every component, checked: what this program would compute otherwise than the reference is refused.
#pragma once

#include "checkpoint/config_file.h"
#include "plan/model_config.h"

namespace zimage {

// Each throws Error(model) naming file, field and rule.
TextEncoderConfig text_encoder_config(const ConfigFile& file);
TransformerConfig transformer_config(const ConfigFile& file);
VaeConfig vae_config(const ConfigFile& file);
SchedulerConfig scheduler_config(const ConfigFile& file);

// model_index.json: the pipeline's and the components' classes. Returns one warning for each component beyond those
// that this program uses.
std::vector<std::string> check_model_index(const ConfigFile& file);

}  // namespace zimage
