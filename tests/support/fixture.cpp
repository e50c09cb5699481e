#include "support/fixture.h"

#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"

namespace zimage::test {
namespace {

const std::string kParity = std::string(ZIMAGE_TEST_DATA) + "/parity";

at::ScalarType stored_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return at::kFloat;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    case DType::i32:
      return at::kInt;
    case DType::i64:
      return at::kLong;
    case DType::u8:
      return at::kByte;
    default:
      throw std::runtime_error("fixture of an unexpected type");
  }
}

double number(const io::Json& json, const char* key, double otherwise) {
  const io::Json* found = json.find(key);
  if (!found) return otherwise;
  if (const auto* integer = found->as<std::int64_t>()) return static_cast<double>(*integer);
  return *found->as<double>();
}

std::string text(const io::Json& json, const char* key) {
  const io::Json* found = json.find(key);
  return found ? *found->as<std::string>() : std::string();
}

}  // namespace

std::string FixtureCase::checkpoint_dir() const { return kParity + "/" + checkpoint; }

std::vector<FixtureCase> fixture_cases() {
  const io::Json cases = io::parse_json(io::read_whole(kParity + "/cases.json", 1 << 20), "cases.json");
  std::vector<FixtureCase> result;
  for (const io::Json& json : *cases.as<io::Json::Array>()) {
    FixtureCase one{.name = text(json, "name"), .checkpoint = text(json, "checkpoint")};
    one.evaluations = static_cast<int>(number(json, "evaluations", 0));
    one.has_blocks = json.find("blocks") != nullptr;
    one.request.prompt = text(json, "prompt");
    one.request.negative_prompt = text(json, "negative_prompt");
    one.request.width = static_cast<int>(number(json, "width", 0));
    one.request.height = static_cast<int>(number(json, "height", 0));
    one.request.steps = one.evaluations + 1;
    one.request.guidance_scale = number(json, "guidance_scale", 0);
    one.request.cfg_normalization = number(json, "cfg_normalization", 0);
    one.request.cfg_truncation = number(json, "cfg_truncation", 1);
    one.request.seed = static_cast<std::uint64_t>(number(json, "seed", 0));
    result.push_back(one);
  }
  return result;
}

FixtureCase fixture_case(const std::string& name) {
  for (const FixtureCase& one : fixture_cases()) {
    if (one.name == name) return one;
  }
  throw std::runtime_error("no fixture case " + name);
}

std::map<std::string, at::Tensor> load_tensors(const std::string& path) {
  const io::SafetensorsFile file(path);
  std::map<std::string, at::Tensor> tensors;
  for (const io::TensorInfo& info : file.tensors()) {
    at::Tensor tensor = at::empty(info.shape, stored_type(info.dtype));
    file.file().read_at(info.offset, {static_cast<std::byte*>(tensor.data_ptr()), info.bytes});
    tensors.emplace(info.name, tensor);
  }
  return tensors;
}

std::map<std::string, at::Tensor> fixture_tensors(const std::string& name) {
  return load_tensors(kParity + "/" + name + ".safetensors");
}

double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor a64 = a.to(at::kCPU, at::kDouble), b64 = b.to(at::kCPU, at::kDouble);
  return ((a64 - b64).norm() / b64.norm()).item<double>();
}

}  // namespace zimage::test
