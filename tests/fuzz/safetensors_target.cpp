#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"

#include <limits>
#include <set>

namespace zimage::fuzz {
namespace {

// The tensors fill the range one after the other, those without bytes stand between two and are listed last, and each
// has the bytes that its shape asks for.
void check_tensors(const io::TensorInfos& tensors, io::DataRange data) {
  std::uint64_t expected = data.start;
  std::set<std::uint64_t> places{expected};
  bool with_bytes = true;
  for (const io::TensorInfo& tensor : tensors) {
    with_bytes &= tensor.bytes > 0;
    require(with_bytes == (tensor.bytes > 0), "bytes after a tensor without them: " + tensor.name);
    require(with_bytes ? tensor.offset == expected : places.count(tensor.offset) == 1,
            "a hole or an overlap before " + tensor.name);
    std::uint64_t bytes = dtype_bytes(tensor.dtype);
    for (const std::int64_t dimension : tensor.shape) {
      require(dimension >= 0, "a negative dimension");
      bytes *= static_cast<std::uint64_t>(dimension);
    }
    require(bytes == tensor.bytes, "the shape of " + tensor.name + " asks for other bytes");
    require(tensor.bytes <= std::numeric_limits<std::uint64_t>::max() - expected, "a tensor beyond 64 bits");
    expected += tensor.bytes;
    places.insert(expected);
  }
  require(expected == data.start + data.bytes, "bytes after the last tensor");
}

}  // namespace

void safetensors_header(std::string_view input) {
  if (input.empty()) return;
  const std::uint64_t length = input.size() - 1;
  const io::DataRange data{8 + length, static_cast<unsigned char>(input[0])};
  io::TensorInfos tensors;
  const auto read = [&] { tensors = io::parse_safetensors_header(input.substr(1), "f.safetensors", data); };
  if (accepts({ErrorKind::model}, read)) check_tensors(tensors, data);
}

void safetensors_file(std::string_view input) {
  static const test::TempDir dir;
  const auto path = dir.write("f.safetensors", input);
  accepts({ErrorKind::model}, [&] {
    const io::SafetensorsFile file(path);
    std::uint64_t bytes = 0;
    for (const io::TensorInfo& tensor : file.tensors()) {
      require(file.find(tensor.name) == &tensor, "a tensor that is not found by its name");
      bytes += tensor.bytes;
    }
    require(bytes <= input.size(), "more bytes of tensors than the file has");
    check_tensors(file.tensors(), {input.size() - bytes, bytes});
  });
}

}  // namespace zimage::fuzz
