#include "runtime/machine.h"

#include "support/devices.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>

namespace zimage {
namespace {

TEST(MachineRates, what_is_written_is_read_back) {
  const test::TempDir dir;
  const std::filesystem::path file = dir.path() / "deeper" / "rates.json";
  EXPECT_FALSE(read_rates(file));
  write_rates(file, {5.5e10, 4e12, {700, 740.5, 50}});
  const auto rates = read_rates(file);
  ASSERT_TRUE(rates);
  EXPECT_EQ(rates->link_bytes_per_second, 5.5e10);
  EXPECT_EQ(rates->memory_bytes_per_second, 4e12);
  EXPECT_EQ(rates->tflops.f16, 700);
  EXPECT_EQ(rates->tflops.bf16, 740.5);
  EXPECT_EQ(rates->tflops.f32, 50);
}

TEST(MachineRates, a_damaged_file_is_measured_anew) {
  const test::TempDir dir;
  const std::filesystem::path file = dir.path() / "rates.json";
  for (const char* text : {"", "{", "[]", R"({"format":2})", R"({"format":1,"link_bytes_per_second":-1})"}) {
    std::ofstream(file) << text;
    EXPECT_FALSE(read_rates(file)) << text;
  }
}

TEST(MachineRates, a_name_is_safe_as_a_file) {
  ::setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(rates_file("NVIDIA A10/../x"), "/cache/zimage/rates-NVIDIA-A10----x.json");
  ::unsetenv("XDG_CACHE_HOME");
}

TEST(Machine, the_cpu_has_its_host_memory_and_no_context) {
  const plan::Machine machine = measure_machine("cpu", 0);
  EXPECT_EQ(machine.capability, 0);
  EXPECT_EQ(machine.context_bytes, 0U);
  EXPECT_GT(machine.free_bytes, 0U);
  EXPECT_GT(machine.link_bytes_per_second, 0);
}

TEST(MachineRates, a_gpu_copies_and_multiplies) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const MachineRates rates = probe_rates("cuda:0");
  EXPECT_GT(rates.link_bytes_per_second, 1e9);
  EXPECT_GT(rates.memory_bytes_per_second, rates.link_bytes_per_second);
  EXPECT_GT(rates.tflops.f16, rates.tflops.f32);
  EXPECT_GT(rates.tflops.f32, 0.1);
}

}  // namespace
}  // namespace zimage
