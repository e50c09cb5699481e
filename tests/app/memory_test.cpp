// A model larger than any host is refused before a weight is read.
#include "app/expect_outcome.h"
#include "checkpoint/component_config.h"
#include "checkpoint/expected_tensors.h"
#include "support/checkpoint_builder.h"
#include "support/safetensors_builder.h"

namespace zimage::test {
namespace {

// A sparse file of the size that these tensors ask for.
void write_sparse(const std::filesystem::path& path, const ExpectedTensors& expected) {
  std::string header;
  std::uint64_t end = 0;
  for (const auto& [name, shape] : expected.shapes) {
    std::uint64_t bytes = sizeof(float);
    std::string dimensions;
    for (const std::int64_t dimension : shape) {
      bytes *= static_cast<std::uint64_t>(dimension);
      dimensions += (dimensions.empty() ? "" : ",") + std::to_string(dimension);
    }
    header += (header.empty() ? "{" : ",") +
              header_entry(name, "F32", "[" + dimensions + "]", std::to_string(end), std::to_string(end + bytes));
    end += bytes;
  }
  const std::string file = safetensors_of(header + "}");
  std::ofstream(path, std::ios::binary) << file;
  std::filesystem::resize_file(path, file.size() + end);
}

// A model that draws, but for its transformer: about 4 TB in float32, all zeros and none of them on the disk.
std::filesystem::path write_huge_checkpoint(const TempDir& dir) {
  namespace fs = std::filesystem;
  const fs::path model = dir / "model", transformer = model / "transformer";
  fs::copy(std::string(ZIMAGE_TEST_DATA) + "/parity/square", model, fs::copy_options::recursive);
  for (const fs::directory_entry& file : fs::directory_iterator(transformer)) {
    if (file.path().filename() != "config.json") fs::remove(file);
  }
  const fs::path config = transformer / "config.json";
  replace_in(config, "\"dim\": 48", "\"dim\": 49152");
  replace_in(config, "\"n_heads\": 3", "\"n_heads\": 1024");
  replace_in(config, "\"n_kv_heads\": 3", "\"n_kv_heads\": 1024");
  replace_in(config, "\"n_layers\": 2", "\"n_layers\": 32");
  replace_in(config, "    4,\n    6,\n    6", "    16,\n    16,\n    16");
  write_sparse(transformer / "diffusion_pytorch_model.safetensors",
               transformer_tensors(transformer_config({transformer, "config.json"})));
  return model;
}

TEST(CommandLine, what_does_not_fit_the_host_is_exit_5_before_loading) {
  const TempDir dir;
  const std::string model = write_huge_checkpoint(dir).string();
  for (const char* dtype : {"auto", "fp16"}) {
    const Outcome outcome =
        run_zimage({.arguments = {"generate", "--model", model, "--device", "cpu", "--dtype", dtype, "--prompt", "a"},
                    .directory = dir.path()});
    expect_refused(outcome, 5, {"MiB", "cpu"});
    EXPECT_LE(outcome.peak_rss_kib, 1 << 20);
    EXPECT_FALSE(std::filesystem::exists(dir / "result.png"));
  }
}

}  // namespace
}  // namespace zimage::test
