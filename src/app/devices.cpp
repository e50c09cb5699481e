// zimage devices: what --device can name.
#include "app/command.h"
#include "app/format.h"
#include "app/options.h"
#include "app/output.h"
#include "base/log.h"
#include "runtime/device.h"
#include "runtime/host_memory.h"

#include <memory>
#include <thread>

namespace zimage::app {
namespace {

void run_devices(const LogArguments& arguments) {
  apply(arguments);
  std::string lines = "cpu     " + std::to_string(std::thread::hardware_concurrency()) + " threads, " +
                      format_bytes(available_host_bytes()) + " available\n";
  for (const DeviceInfo& device : cuda_devices()) {
    lines += device.device + "  " + device.name + ", compute capability " + std::to_string(device.major) + "." +
             std::to_string(device.minor) + ", " + format_bytes(device.total_bytes) + ", " +
             format_bytes(free_device_bytes(device.device)) + " free\n";
  }
  print(lines);
  const std::string reason = cuda_unavailable_reason();
  if (!reason.empty()) log::info("no CUDA device: " + reason);
}

}  // namespace

Command devices_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("devices", "List the devices that --device can name");
  command->footer("Example:\n  zimage devices\n");
  const auto arguments = std::make_shared<LogArguments>();
  add_log_options(*command, *arguments);
  return {command, [arguments] { run_devices(*arguments); }};
}

}  // namespace zimage::app
