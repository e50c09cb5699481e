// What of the catalogue must load, through the executable: with a warning where the catalogue has one.
#include "app/expect_cheap.h"
#include "app/expect_outcome.h"
#include "io/json.h"
#include "support/checkpoint_builder.h"
#include "support/safetensors_builder.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::TempDir;

const std::string kFile = "model/transformer/diffusion_pytorch_model.safetensors";

ExpectedTensors::Shapes transformer_shapes() { return transformer_tensors(test::small_transformer()).shapes; }

std::string transformer_bytes() {
  test::SafetensorsBuilder builder;
  for (const auto& [name, shape] : transformer_shapes()) builder.add(name, shape);
  return builder.bytes();
}

// The header of a file's bytes, changed by `edit`.
template <class Edit>
std::string with_header(const std::string& bytes, const Edit& edit) {
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return test::safetensors_of(edit(bytes.substr(8, length)), bytes.substr(8 + length));
}

void expect_loads(const TempDir& dir, const std::vector<std::string>& warning = {}, std::uint64_t header_bytes = 0) {
  const auto inspect = [&] { return test::run_zimage({{"inspect", "--model", "model", "--json"}, dir.path()}); };
  Outcome outcome = inspect();
  // Other work on the machine slows down what goes through much memory: the fastest of three.
  for (int more = header_bytes > 0 ? 2 : 0; more > 0; --more) {
    Outcome again = inspect();
    if (again.cpu_seconds < outcome.cpu_seconds) outcome = std::move(again);
  }
  test::expect_success(outcome);
  test::expect_cheap(outcome, header_bytes);
  EXPECT_EQ(test::lines_of(outcome.err), warning.empty() ? 0 : 1) << outcome.err;
  for (const std::string& word : warning) EXPECT_NE(outcome.err.find(word), std::string::npos) << outcome.err;
  EXPECT_NE(io::parse_json(outcome.out, "standard output").find("components"), nullptr) << outcome.out;
}

TEST(AcceptedModels, S12_leading_space) {
  const TempDir dir;
  test::write_checkpoint(dir);
  dir.write(kFile, with_header(transformer_bytes(), [](const std::string& header) { return "  " + header; }));
  expect_loads(dir);
}

TEST(AcceptedModels, S35_misaligned) {
  for (const char* spaces : {" ", "  ", "   "}) {
    const TempDir dir;
    test::write_checkpoint(dir);
    dir.write(kFile, with_header(transformer_bytes(), [&](const std::string& header) { return header + spaces; }));
    expect_loads(dir);
  }
}

// The tensors of the model among as many others, without bytes, as fit into the largest header.
TEST(AcceptedModels, S38_two_million_tensors_in_a_header_of_100_MB) {
  constexpr std::size_t kMaxHeader = 100'000'000;
  const TempDir dir;
  test::write_checkpoint(dir);
  std::size_t header_bytes = 0;
  dir.write(
      kFile, with_header(transformer_bytes(), [&](std::string header) {
        header.reserve(kMaxHeader);
        header.pop_back();
        for (int i = 0; header.size() + 80 < kMaxHeader; ++i) {
          header.append(",\"").append(std::to_string(i)).append(R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})");
        }
        header += '}';
        header.append(kMaxHeader - header.size(), ' ');
        header_bytes = header.size();
        return header;
      }));
  expect_loads(dir, {"warning: ", "tensors"}, header_bytes);
}

TEST(AcceptedModels, X8_hugging_face_cache) {
  const TempDir dir;
  const fs::path repository = dir / "models--a--b", snapshot = repository / "snapshots/0123abcd";
  test::write_checkpoint(dir, "models--a--b/snapshots/0123abcd");
  fs::create_directories(repository / "blobs");
  const auto files = test::files_in(snapshot);
  int number = 0;
  for (const fs::path file : files) {
    if (!fs::is_regular_file(file)) continue;
    const fs::path blob = repository / "blobs" / ("sha" + std::to_string(number++));
    fs::rename(file, blob);
    fs::create_symlink(fs::relative(blob, file.parent_path()), file);
  }
  fs::create_directory_symlink(snapshot, dir / "model");
  expect_loads(dir);
}

TEST(AcceptedModels, X13_unlisted_tensor_and_X16_wrong_total_size_are_warnings) {
  const auto shapes = transformer_shapes();
  const auto with_index = [&](const std::string& total_size, bool complete) {
    std::string map;
    for (const auto& [name, shape] : shapes) {
      if (!complete && name == shapes.begin()->first) continue;
      map += map.empty() ? "\"" : ",\"";
      map += name;
      map += "\":\"diffusion_pytorch_model.safetensors\"";
    }
    return R"({"metadata":{"total_size":)" + total_size + R"(},"weight_map":{)" + map + "}}";
  };
  const TempDir dir;
  test::write_checkpoint(dir);
  std::uint64_t bytes = 0;
  for (const auto& [name, shape] : shapes) {
    std::uint64_t elements = 1;
    for (const std::int64_t dimension : shape) elements *= static_cast<std::uint64_t>(dimension);
    bytes += 4 * elements;
  }
  dir.write(kFile + ".index.json", with_index(std::to_string(bytes), true));
  expect_loads(dir);
  dir.write(kFile + ".index.json", with_index(std::to_string(bytes), false));
  expect_loads(dir, {"warning: ", "weight_map"});
  dir.write(kFile + ".index.json", with_index("7", true));
  expect_loads(dir, {"warning: ", "total_size"});
}

TEST(AcceptedModels, C8_auto_map_is_a_warning) {
  const TempDir dir;
  test::write_checkpoint(dir);
  test::replace_in(dir / "model/transformer/config.json", "{", R"({"auto_map": {"AutoModel": "evil.Model"},)");
  expect_loads(dir, {"warning: ", "transformer/config.json", "auto_map is ignored"});
}

}  // namespace
}  // namespace zimage
