// Every number of every configuration with what no number may be (group C).
#include "checkpoint/checkpoint.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

struct BadField {
  std::string name;  // with the catalogue's ID
  std::string file, field, value;
  std::string word;  // of the message; empty: the field's name
};

struct Component {
  std::string name, file;
  std::vector<std::string> fields;
};

const std::vector<Component>& components() {
  static const std::vector<Component> all{
      {"text_encoder",
       "text_encoder/config.json",
       {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta"}},
      {"transformer",
       "transformer/config.json",
       {"dim", "n_layers", "n_refiner_layers", "n_heads", "n_kv_heads", "in_channels", "cap_feat_dim", "norm_eps",
        "rope_theta", "t_scale"}},
      {"vae",
       "vae/config.json",
       {"in_channels", "out_channels", "layers_per_block", "latent_channels", "norm_num_groups", "sample_size",
        "scaling_factor", "shift_factor"}},
      {"scheduler", "scheduler/scheduler_config.json", {"num_train_timesteps", "shift"}}};
  return all;
}

struct Value {
  std::string name, json, word;
};

const std::vector<Value>& values() {
  static const std::vector<Value> all{{"C1_1e15", "1000000000000000", ""},
                                      {"C1_2_to_64", "18446744073709551616", ""},
                                      {"C2_zero", "0", ""},
                                      {"C2_negative", "-1", ""},
                                      {"C3_nan", "NaN", "byte"},
                                      {"C3_1e999", "1e999", "not finite"},
                                      {"C4_string", "\"12\"", ""},
                                      {"C4_true", "true", ""},
                                      {"C4_null", "null", ""},
                                      {"C4_list", "[12]", ""},
                                      {"C4_object", "{}", ""}};
  return all;
}

std::vector<BadField> bad_fields() {
  std::vector<BadField> all;
  for (const auto& [component, file, fields] : components()) {
    for (const std::string& field : fields) {
      for (const auto& [name, json, word] : values()) {
        if (field == "shift_factor" && name.starts_with("C2")) continue;  // may be either
        all.push_back({name + "_" + component + "_" + field, file, field, json, word});
      }
    }
  }
  return all;
}

class BadFields : public testing::TestWithParam<BadField> {};

TEST_P(BadFields, is_refused_by_name) {
  const BadField& bad = GetParam();
  const test::TempDir dir;
  const auto model = test::write_checkpoint(dir);
  std::string text = test::content_of(model / bad.file);
  const std::string key = "\"" + bad.field + "\": ";
  const std::size_t begin = text.find(key) + key.size();
  ASSERT_GE(begin, key.size()) << bad.file << " holds no " << key;
  dir.write("model/" + bad.file, text.replace(begin, text.find_first_of(",\n", begin) - begin, bad.value));
  test::expect_error(ErrorKind::model, {bad.file, bad.word.empty() ? "\"" + bad.field + "\"" : bad.word},
                     [&] { Checkpoint checkpoint(model); });
}

INSTANTIATE_TEST_SUITE_P(EveryField, BadFields, testing::ValuesIn(bad_fields()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace zimage
