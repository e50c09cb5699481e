#include "checkpoint/component_config.h"
#include "checkpoint/shard_index.h"
#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/model_file.h"
#include "support/temp_dir.h"

namespace zimage::fuzz {

void shard_index(std::string_view input) {
  static const test::TempDir dir;
  const auto path = dir.write("m.safetensors.index.json", input);
  accepts({ErrorKind::model}, [&] {
    const ShardIndex index = read_shard_index(path);
    for (const std::string& shard : index.shards) {
      require(io::is_plain_name(shard), "a shard outside the folder: " + printable(shard));
      require((dir.path() / shard).parent_path() == dir.path(), "a shard outside the folder: " + printable(shard));
    }
    for (const auto& [name, shard] : index.locations) require(shard < index.shards.size(), "a shard that is not there");
  });
}

void model_config(std::string_view input) {
  static const test::TempDir dir;
  if (input.empty()) return;
  dir.write("config.json", input.substr(1));
  accepts({ErrorKind::model}, [&] {
    const ConfigFile file(dir.path(), "config.json");
    switch (input[0]) {
      case '0': {
        const TextEncoderConfig config = text_encoder_config(file);
        require(config.num_attention_heads % config.num_key_value_heads == 0, "heads that do not divide");
        break;
      }
      case '1': {
        const TransformerConfig config = transformer_config(file);
        require(config.dim > 0 && config.dim % config.n_heads == 0, "heads that do not divide");
        require(config.axes_dims[0] + config.axes_dims[1] + config.axes_dims[2] == config.head_dim(),
                "axes of no head");
        break;
      }
      case '2':
        require(vae_config(file).block_out_channels.size() == 4, "a VAE of another scale");
        break;
      case '3': {
        const double shift = scheduler_config(file).shift;
        require(shift > 0 && shift <= 1e3, "a shift out of bounds");
        break;
      }
      default:
        check_model_index(file);
    }
  });
}

}  // namespace zimage::fuzz
