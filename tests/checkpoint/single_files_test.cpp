// Components as single files in the layouts that people have, against the same ones as published.
#include "support/single_files.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/fingerprint.h"
#include "checkpoint/inferred_config.h"
#include "checkpoint/units.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"
#include "support/safetensors_builder.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::TempDir;

const fs::path kParity = ZIMAGE_TEST_DATA "/parity";

std::string bytes_of(const TensorSource& source) {
  std::string bytes(source.info->bytes, '\0');
  source.file->read_at(source.info->offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

void expect_same_tensors(const ComponentFiles& actual, const ComponentFiles& expected) {
  ASSERT_EQ(actual.tensors().size(), expected.tensors().size());
  for (const TensorSource& source : expected.tensors()) {
    const TensorSource* found = actual.find(source.name);
    ASSERT_NE(found, nullptr) << source.name;
    EXPECT_EQ(found->info->shape, source.info->shape) << source.name;
    EXPECT_EQ(found->info->dtype, source.info->dtype) << source.name;
    EXPECT_EQ(bytes_of(*found), bytes_of(source)) << source.name;
  }
}

void expect_same(const Checkpoint& actual, const Checkpoint& expected) {
  expect_same_tensors(actual.text_encoder(), expected.text_encoder());
  expect_same_tensors(actual.transformer(), expected.transformer());
  expect_same_tensors(actual.vae(), expected.vae());
  const plan::UnitTypes types{DType::f16, DType::f32};
  const plan::Units units = units_of(actual, types), published = units_of(expected, types);
  ASSERT_EQ(units.size(), published.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    EXPECT_EQ(units[i].name, published[i].name);
    EXPECT_EQ(units[i].bytes, published[i].bytes);
  }
}

void expect_same_config(const TransformerConfig& a, const TransformerConfig& b) {
  EXPECT_EQ(std::tie(a.dim, a.n_layers, a.n_refiner_layers, a.n_heads, a.in_channels, a.patch_size, a.cap_feat_dim),
            std::tie(b.dim, b.n_layers, b.n_refiner_layers, b.n_heads, b.in_channels, b.patch_size, b.cap_feat_dim));
  EXPECT_EQ(std::tie(a.norm_eps, a.rope_theta, a.t_scale, a.axes_dims, a.axes_lens),
            std::tie(b.norm_eps, b.rope_theta, b.t_scale, b.axes_dims, b.axes_lens));
}

void expect_same_config(const TextEncoderConfig& a, const TextEncoderConfig& b) {
  EXPECT_EQ(std::tie(a.vocab_size, a.hidden_size, a.intermediate_size, a.num_hidden_layers, a.num_attention_heads),
            std::tie(b.vocab_size, b.hidden_size, b.intermediate_size, b.num_hidden_layers, b.num_attention_heads));
  EXPECT_EQ(std::tie(a.num_key_value_heads, a.head_dim, a.rms_norm_eps, a.rope_theta),
            std::tie(b.num_key_value_heads, b.head_dim, b.rms_norm_eps, b.rope_theta));
}

void expect_same_config(const VaeConfig& a, const VaeConfig& b) {
  EXPECT_EQ(std::tie(a.block_out_channels, a.layers_per_block, a.latent_channels, a.norm_num_groups),
            std::tie(b.block_out_channels, b.layers_per_block, b.latent_channels, b.norm_num_groups));
  EXPECT_EQ(std::tie(a.sample_size, a.scaling_factor, a.shift_factor),
            std::tie(b.sample_size, b.scaling_factor, b.shift_factor));
}

TEST(SingleFiles, original_names_hold_the_published_tensors) {
  const TempDir dir;
  const fs::path model = kParity / "square";
  const Checkpoint published(model);
  for (const std::string transformer_prefix : {"", "model.diffusion_model."}) {
    for (const std::string text_prefix : {"", "model.", "text_encoders.qwen3_4b.transformer.model."}) {
      SCOPED_TRACE(transformer_prefix + " and " + text_prefix);
      const ComponentPaths paths{dir / "dit.safetensors", dir / "qwen.safetensors", dir / "ae.safetensors"};
      test::write_original_transformer(model / "transformer", {paths.transformer, transformer_prefix});
      test::write_text_encoder(model / "text_encoder", {paths.text_encoder, text_prefix});
      const Checkpoint checkpoint(model, {paths.transformer, paths.text_encoder, {}, {}});
      expect_same(checkpoint, published);
      EXPECT_EQ(fingerprint(checkpoint), fingerprint(published));
      expect_same_config(checkpoint.transformer_config(), published.transformer_config());
      expect_same_config(checkpoint.text_encoder_config(), published.text_encoder_config());
      EXPECT_TRUE(checkpoint.warnings().empty()) << checkpoint.warnings().front();  // norm_final.weight is known
    }
  }
}

// Sizes that no tensor tells come from the config.json of the folder whose file has its published name.
TEST(SingleFiles, a_published_name_takes_its_folders_config) {
  for (const char* name : {"square", "odd"}) {
    for (const std::string prefix : {"", "vae.", "first_stage_model."}) {
      SCOPED_TRACE(name + prefix);
      const TempDir dir;
      const fs::path model = kParity / name;
      const fs::path dit = dir / "a/diffusion_pytorch_model.safetensors";
      const fs::path vae = dir / "b/diffusion_pytorch_model.safetensors";
      test::write_original_transformer(model / "transformer", {dit, ""});
      test::write_original_vae(model / "vae", {vae, prefix});
      fs::copy_file(model / "transformer/config.json", dir / "a/config.json");
      fs::copy_file(model / "vae/config.json", dir / "b/config.json");
      expect_same(Checkpoint({}, {dit, model / "text_encoder", vae, {}}), Checkpoint(model));
      expect_same(Checkpoint({}, {dir / "a", model / "text_encoder", dir / "b", {}}), Checkpoint(model));
    }
  }
}

TEST(SingleFiles, a_folder_of_one_file_by_another_name) {
  const TempDir dir;
  const fs::path model = kParity / "square";
  test::write_original_transformer(model / "transformer", {dir / "t/z_image_turbo_bf16.safetensors", ""});
  expect_same(Checkpoint(model, {dir / "t", {}, {}, {}}), Checkpoint(model));
  dir.write("t/b.safetensors", "");
  expect_error(ErrorKind::model, {"/t: ", "2 other safetensors files", "transformer"}, [&] {
    Checkpoint checkpoint(model, {dir / "t", {}, {}, {}});
  });
}

TEST(SingleFiles, a_component_of_another_model_folder) {
  const TempDir dir;
  const fs::path model = test::write_checkpoint(dir), other = test::write_checkpoint(dir, "other");
  EXPECT_EQ(Checkpoint(model, {{}, {}, other, {}}).vae().listing().parent_path(), other / "vae");
  EXPECT_EQ(Checkpoint(model, {{}, {}, other / "vae", {}}).vae().listing().parent_path(), other / "vae");
}

// A file as large as the real one, all hole behind its header.
fs::path write_headers(const fs::path& path, const ExpectedTensors& tensors) {
  std::string header = "{";
  std::uint64_t end = 0;
  for (const auto& [name, shape] : tensors.shapes) {
    std::uint64_t bytes = dtype_bytes(DType::bf16);
    std::string sizes = "[";
    for (const std::int64_t size : shape) {
      bytes *= static_cast<std::uint64_t>(size);
      sizes += (sizes.size() > 1 ? "," : "") + std::to_string(size);
    }
    if (header.size() > 1) header += ',';
    header += test::header_entry(name, "BF16", sizes + "]", std::to_string(end), std::to_string(end + bytes));
    end += bytes;
  }
  header += '}';
  const std::string start = test::safetensors_of(header);
  std::ofstream(path, std::ios::binary) << start;
  fs::resize_file(path, start.size() + end);
  return path;
}

const TransformerConfig kTransformer{3840, 30, 2, 30, 16, 2, 2560, 1e-5, 256, 1000, {32, 48, 48}, {1536, 512, 512}};
const TextEncoderConfig kText{151936, 2560, 9728, 36, 32, 8, 128, 1e-6, 1e6};
const VaeConfig kVae{{128, 256, 512, 512}, 2, 16, 32, 1024, 0.3611, 0.1159};

TEST(SingleFiles, the_published_sizes_are_inferred) {
  const TempDir dir;
  // Without the last of 36 layers, as the tensors that are loaded: files may leave out what nothing uses.
  const ComponentPaths paths{write_headers(dir / "t.safetensors", transformer_tensors(kTransformer)),
                             write_headers(dir / "q.safetensors", text_encoder_tensors(kText)),
                             write_headers(dir / "v.safetensors", vae_decoder_tensors(kVae)),
                             {}};
  const Checkpoint checkpoint({}, paths);
  expect_same_config(checkpoint.transformer_config(), kTransformer);
  expect_same_config(checkpoint.text_encoder_config(), kText);
  expect_same_config(checkpoint.vae_config(), kVae);
  EXPECT_EQ(checkpoint.scheduler_config().shift, 3);
  EXPECT_EQ(checkpoint.scheduler_config().num_train_timesteps, 1000);
}

// The least that sizes can be inferred of.
const TransformerConfig kSmallTransformer{64, 1, 1, 2, 16, 2, 32, 1e-5, 256, 1000, {8, 12, 12}, {1536, 512, 512}};
const TextEncoderConfig kSmallText{64, 32, 48, 2, 2, 1, 16, 1e-6, 1e6};
const VaeConfig kSmallVae{{32, 32, 64, 64}, 1, 16, 32, 1024, 0.3611, 0.1159};

TEST(SingleFiles, one_file_of_everything_is_given_three_times) {
  const TempDir dir;
  const std::map<std::string, ExpectedTensors> parts{
      {"model.diffusion_model.", transformer_tensors(kSmallTransformer)},
      {"text_encoders.qwen3_4b.transformer.model.", text_encoder_tensors(kSmallText)},
      {"vae.", vae_decoder_tensors(kSmallVae)}};
  ExpectedTensors all;
  for (const auto& [prefix, tensors] : parts) {
    for (const auto& [name, shape] : tensors.shapes) all.shapes[prefix + name] = shape;
  }
  const fs::path file = write_headers(dir / "all.safetensors", all);
  const Checkpoint checkpoint({}, {file, file, file, {}});
  EXPECT_TRUE(checkpoint.warnings().empty()) << checkpoint.warnings().front();
  EXPECT_EQ(checkpoint.transformer().stored().tensors, parts.at("model.diffusion_model.").shapes.size());
  EXPECT_EQ(checkpoint.vae().stored().tensors, parts.at("vae.").shapes.size());
}

TEST(SingleFiles, the_wrong_component_is_named) {
  const TempDir dir;
  const fs::path t = write_headers(dir / "t.safetensors", transformer_tensors(kSmallTransformer)),
                 q = write_headers(dir / "q.safetensors", text_encoder_tensors(kSmallText)),
                 v = write_headers(dir / "v.safetensors", vae_decoder_tensors(kSmallVae));
  const auto open = [](const ComponentPaths& paths) { Checkpoint checkpoint({}, paths); };
  open({t, q, v, {}});
  expect_error(ErrorKind::model, {"v.safetensors: holds no transformer, but a vae"}, [&] { open({v, q, v, {}}); });
  expect_error(ErrorKind::model, {"t.safetensors: holds no text_encoder, but a transformer"}, [&] {
    open({t, t, v, {}});
  });
  expect_error(ErrorKind::model, {"q.safetensors: holds no vae, but a text_encoder"}, [&] { open({t, q, q, {}}); });
}

TEST(SingleFiles, an_index_stands_for_its_folder) {
  const fs::path model = kParity / "square";
  expect_same(Checkpoint(model, {model / "transformer/diffusion_pytorch_model.safetensors.index.json", {}, {}, {}}),
              Checkpoint(model));
}

struct BadFile {
  const char* change;
  std::function<void(ExpectedTensors::Shapes&)> apply;
  std::vector<std::string> words;
};

TEST(SingleFiles, sizes_that_cannot_be) {
  using Shapes = ExpectedTensors::Shapes;
  const std::vector<BadFile> bad{
      {"t",
       [](Shapes& s) { s.erase("all_x_embedder.2-1.weight"); },
       {"t.safetensors: holds no transformer", "all_x_embedder.2-1.weight"}},
      {"t", [](Shapes& s) { s["all_x_embedder.2-1.weight"] = {64}; }, {"all_x_embedder.2-1.weight", "1 dimensions"}},
      {"t",
       [](Shapes& s) {
         s["all_x_embedder.2-1.weight"] = {64, 66};
       },
       {"66 is no multiple of 4"}},
      {"t",
       [](Shapes& s) {
         s["all_x_embedder.2-1.weight"] = {0, 64};
       },
       {"0 is outside 1 to"}},
      {"t", [](Shapes& s) { s["layers.0.attention.norm_q.weight"] = {24}; }, {"64 is no multiple of 24"}},
      {"t", [](Shapes& s) { s["layers.0.attention.norm_q.weight"] = {8}; }, {"8 is no multiple of 16"}},
      {"t",
       [](Shapes& s) {
         s["layers.0.feed_forward.w1.weight"] = {171, 64};
       },
       {"w1.weight", "its shape is [171, 64]"}},
      {"t",
       [](Shapes& s) {
         s["cap_embedder.1.weight"] = {64, 33};
       },
       {"cap_feat_dim", "33 differs", "32"}},
      {"q",
       [](Shapes& s) {
         s["layers.0.self_attn.q_proj.weight"] = {33, 32};
       },
       {"33 is no multiple of 16"}},
      {"q", [](Shapes& s) { s["layers.0.self_attn.q_norm.weight"] = {1}; }, {"odd head dimension"}},
      {"q", [](Shapes& s) { s.erase("layers.0.input_layernorm.weight"); }, {"layers.0.input_layernorm", "is missing"}},
      {"v",
       [](Shapes& s) {
         s["decoder.conv_in.weight"] = {64, 4, 3, 3};
       },
       {"4 latent channels"}},
      {"v",
       [](Shapes& s) {
         s["decoder.up_blocks.0.resnets.0.conv1.weight"] = {48, 64, 3, 3};
       },
       {"48 is no multiple of 32"}}};
  for (const BadFile& one : bad) {
    SCOPED_TRACE(one.words.front());
    const TempDir dir;
    ExpectedTensors t = transformer_tensors(kSmallTransformer), q = text_encoder_tensors(kSmallText),
                    v = vae_decoder_tensors(kSmallVae);
    const auto open = [&] {
      Checkpoint checkpoint({}, {write_headers(dir / "t.safetensors", t),
                                 write_headers(dir / "q.safetensors", q),
                                 write_headers(dir / "v.safetensors", v),
                                 {}});
    };
    ASSERT_NO_THROW(open());
    one.apply((*one.change == 't' ? t : *one.change == 'q' ? q : v).shapes);
    expect_error(ErrorKind::model, one.words, open);
  }
}

TEST(SingleFiles, a_fused_tensor_of_two_and_a_half) {
  const TempDir dir;
  dir.write("t.safetensors", test::SafetensorsBuilder()
                                 .add("x_embedder.weight", {4, 4})
                                 .add("layers.0.attention.qkv.weight", {10, 4})
                                 .bytes());
  expect_error(ErrorKind::model, {"t.safetensors", "attention.qkv.weight", "[10, 4]", "3 equal"}, [&] {
    ComponentFiles({{}, dir / "t.safetensors", false}, "x", transformer_names());
  });
}

TEST(SingleFiles, what_is_missing_is_named) {
  const TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  expect_error(ErrorKind::model, {"gone.safetensors", "no such file or folder", "vae"}, [&] {
    Checkpoint checkpoint(model, {{}, {}, dir / "gone.safetensors", {}});
  });
  expect_error(ErrorKind::model, {"no text_encoder"}, [&] {
    Checkpoint checkpoint({}, {model / "transformer", {}, model / "vae", {}});
  });
}

TEST(SingleFiles, the_tokenizer_lies_beside_them) {
  const TempDir dir;
  const fs::path file = dir.write("text_encoders/q.safetensors", "");
  const ComponentPaths paths{{}, file, {}, {}};
  expect_error(ErrorKind::model, {"no tokenizer"}, [&] { find_tokenizer({}, paths); });
  dir.write("text_encoders/vocab.json", "");
  EXPECT_EQ(find_tokenizer({}, paths), dir / "text_encoders");
  dir.write("text_encoders/tokenizer/tokenizer.json", "");
  EXPECT_EQ(find_tokenizer({}, paths), dir / "text_encoders/tokenizer");
  dir.write("model/tokenizer/tokenizer.json", "");
  EXPECT_EQ(find_tokenizer(dir / "model", paths), dir / "model/tokenizer");
  EXPECT_EQ(find_tokenizer(dir / "model", {{}, file, {}, dir / "mine"}), dir / "mine");
  fs::create_directories(dir / "model/text_encoder");
  EXPECT_EQ(find_tokenizer({}, {{}, dir / "model/text_encoder", {}, {}}), dir / "model/tokenizer");
}

}  // namespace
}  // namespace zimage
