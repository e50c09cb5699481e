#include "checkpoint/checkpoint.h"

#include "checkpoint/component_config.h"
#include "io/model_file.h"

namespace zimage {
namespace {

constexpr std::string_view kDiffusersStem = "diffusion_pytorch_model";

void check_together(const CheckpointConfigs& configs, const ConfigFile& transformer) {
  if (configs.transformer.cap_feat_dim != configs.text_encoder.hidden_size) {
    transformer.refuse("cap_feat_dim", std::to_string(configs.transformer.cap_feat_dim) +
                                           " differs from the text encoder's hidden_size " +
                                           std::to_string(configs.text_encoder.hidden_size));
  }
  if (configs.transformer.in_channels != configs.vae.latent_channels) {
    transformer.refuse("in_channels", std::to_string(configs.transformer.in_channels) +
                                          " differs from the VAE's latent_channels " +
                                          std::to_string(configs.vae.latent_channels));
  }
}

// All read and checked before the first file of weights is opened.
CheckpointConfigs read_configs(const std::filesystem::path& dir) {
  const ConfigFile model_index(dir, "model_index.json");
  CheckpointConfigs configs;
  configs.warnings = check_model_index(model_index);
  const ConfigFile scheduler(io::model_subfolder(dir, "scheduler"), "scheduler_config.json");
  const ConfigFile text_encoder(io::model_subfolder(dir, "text_encoder"), "config.json");
  const ConfigFile transformer(io::model_subfolder(dir, "transformer"), "config.json");
  const ConfigFile vae(io::model_subfolder(dir, "vae"), "config.json");
  configs.scheduler = scheduler_config(scheduler);
  configs.text_encoder = text_encoder_config(text_encoder);
  configs.transformer = transformer_config(transformer);
  configs.vae = vae_config(vae);
  check_together(configs, transformer);
  for (const ConfigFile* file : {&model_index, &scheduler, &text_encoder, &transformer, &vae}) {
    if (std::string warning = file->code_warning(); !warning.empty()) configs.warnings.push_back(std::move(warning));
  }
  return configs;
}

ComponentFiles read_component(const std::filesystem::path& dir, std::string_view stem,
                              const ExpectedTensors& expected) {
  ComponentFiles files(dir, stem);
  files.restrict_to(expected);
  return files;
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& dir)
    : dir_(dir),
      configs_(read_configs(dir)),
      text_encoder_(read_component(dir / "text_encoder", "model", text_encoder_tensors(configs_.text_encoder))),
      transformer_(read_component(dir / "transformer", kDiffusersStem, transformer_tensors(configs_.transformer))),
      vae_(read_component(dir / "vae", kDiffusersStem, vae_decoder_tensors(configs_.vae))) {}

std::vector<std::string> Checkpoint::warnings() const {
  std::vector<std::string> all = configs_.warnings;
  for (const ComponentFiles* files : {&text_encoder_, &transformer_, &vae_}) {
    all.insert(all.end(), files->warnings().begin(), files->warnings().end());
  }
  return all;
}

}  // namespace zimage
