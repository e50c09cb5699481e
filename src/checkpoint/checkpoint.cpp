#include "checkpoint/checkpoint.h"

#include "base/text.h"
#include "checkpoint/component_config.h"
#include "checkpoint/inferred_config.h"
#include "io/model_file.h"

namespace zimage {
namespace {

class ConfigReader {
 public:
  explicit ConfigReader(std::vector<std::string>& warnings) : warnings_(warnings) {}

  template <typename Config>
  Config read(const std::filesystem::path& folder, const char* name, Config (*parse)(const ConfigFile&)) {
    const ConfigFile file(folder, name);
    Config config = parse(file);
    if (std::string warning = file.code_warning(); !warning.empty()) warnings_.push_back(std::move(warning));
    return config;
  }

  // Of a component, if a file says it.
  template <typename Config>
  std::optional<Config> read(const ComponentPlace& place, Config (*parse)(const ConfigFile&)) {
    return place.has_config ? std::optional(read(place.folder, "config.json", parse)) : std::nullopt;
  }

 private:
  std::vector<std::string>& warnings_;
};

// All read and checked before the first file of weights is opened.
CheckpointConfigs read_configs(const CheckpointPlaces& places) {
  CheckpointConfigs configs;
  ConfigReader reader(configs.warnings);
  configs.scheduler = published_scheduler_config();
  if (!places.model_dir.empty()) {
    for (std::string& warning : reader.read(places.model_dir, "model_index.json", check_model_index)) {
      configs.warnings.push_back(std::move(warning));
    }
    const std::filesystem::path scheduler = io::model_subfolder(places.model_dir, "scheduler");
    configs.scheduler = reader.read(scheduler, "scheduler_config.json", scheduler_config);
  }
  configs.text_encoder = reader.read(places.text_encoder, text_encoder_config);
  configs.transformer = reader.read(places.transformer, transformer_config);
  configs.vae = reader.read(places.vae, vae_config);
  return configs;
}

// What the transformer has in common with another component.
struct SharedSize {
  const char* field;
  std::int64_t size;
  std::string other;
  std::int64_t other_size;
};

void check_shared(const CheckpointPlaces& places, const ComponentFiles& transformer, const SharedSize& shared) {
  if (shared.size == shared.other_size) return;
  const std::filesystem::path source =
      places.transformer.has_config ? places.transformer.folder / "config.json" : transformer.listing();
  throw Error(ErrorKind::model, printable(source.native()) + ": field \"" + shared.field +
                                    "\": " + std::to_string(shared.size) + " differs from " + shared.other + " " +
                                    std::to_string(shared.other_size));
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& dir, const ComponentPaths& components)
    : places_(find_places(dir, components)),
      configs_(read_configs(places_)),
      text_encoder_(places_.text_encoder, kTextEncoderStem, text_encoder_names()),
      transformer_(places_.transformer, kDiffusersStem, transformer_names()),
      vae_(places_.vae, kDiffusersStem, vae_names()) {
  if (!configs_.text_encoder) configs_.text_encoder = inferred_text_encoder_config(text_encoder_);
  if (!configs_.transformer) configs_.transformer = inferred_transformer_config(transformer_);
  if (!configs_.vae) configs_.vae = inferred_vae_config(vae_);
  check_shared(places_, transformer_,
               {"cap_feat_dim", configs_.transformer->cap_feat_dim, "the text encoder's hidden_size",
                configs_.text_encoder->hidden_size});
  check_shared(
      places_, transformer_,
      {"in_channels", configs_.transformer->in_channels, "the VAE's latent_channels", configs_.vae->latent_channels});
  text_encoder_.restrict_to(text_encoder_tensors(*configs_.text_encoder));
  transformer_.restrict_to(transformer_tensors(*configs_.transformer));
  vae_.restrict_to(vae_decoder_tensors(*configs_.vae));
}

std::vector<std::string> Checkpoint::warnings() const {
  std::vector<std::string> all = configs_.warnings;
  for (const ComponentFiles* files : {&text_encoder_, &transformer_, &vae_}) {
    all.insert(all.end(), files->warnings().begin(), files->warnings().end());
  }
  return all;
}

}  // namespace zimage
