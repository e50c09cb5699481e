// The parity fixtures of tests/data/parity (written by scripts/make_fixtures.py), and how far two tensors are apart.
#pragma once

#include "zimage/request.h"

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

namespace zimage::test {

struct FixtureCase {
  std::string name, checkpoint;
  Request request;  // seed and sizes too
  int evaluations = 0;
  bool has_blocks = false;

  std::string checkpoint_dir() const;
};

std::vector<FixtureCase> fixture_cases();
FixtureCase fixture_case(const std::string& name);

// The tensors of CASE.safetensors on the CPU, in their stored types.
std::map<std::string, at::Tensor> fixture_tensors(const std::string& name);

// Every tensor of a safetensors file.
std::map<std::string, at::Tensor> load_tensors(const std::string& path);

// ‖a − b‖ / ‖b‖ in float64.
double relative_error(const at::Tensor& a, const at::Tensor& b);

}  // namespace zimage::test
