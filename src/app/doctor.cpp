// zimage doctor: what the machine has, what is missing, and what to do about it.
#include "zimage/error.h"

#include "app/command.h"
#include "app/format.h"
#include "app/model_folder.h"
#include "app/options.h"
#include "app/output.h"
#include "app/version.h"
#include "base/dtype.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/summary.h"
#include "plan/attention_choice.h"
#include "runtime/device.h"
#include "runtime/host_memory.h"
#include "runtime/nvml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

namespace zimage::app {
namespace {

constexpr int kMinDriver = 580;  // CUDA 13's first
constexpr int kMinCapability = 75;
constexpr const char* kDriverAdvice = "install NVIDIA's driver 580 or later, then restart the machine";

struct DoctorArguments {
  ModelChoice model;
  LogArguments log;
};

struct Finding {
  std::string state;  // "ok", "note" or "missing"
  std::string topic, text;
  std::string advice = {};  // what to do, if anything
};
using Findings = std::vector<Finding>;

// Display and 3D controllers of NVIDIA on the PCI bus, whether or not a driver runs them.
bool has_nvidia_card() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/pci/devices", error)) {
    std::string vendor, type;
    std::ifstream(entry.path() / "vendor") >> vendor;
    std::ifstream(entry.path() / "class") >> type;
    if (vendor == "0x10de" && type.starts_with("0x03")) return true;
  }
  return false;
}

Finding without_gpu() {
  const std::string reason = cuda_unavailable_reason();
  if (!has_nvidia_card()) return {"note", "GPU", "none: images are drawn on the CPU (" + reason + ")"};
  const bool built_without = library_versions().cuda == "none";
  return {"missing", "GPU", "an NVIDIA card that cannot be used: " + reason,
          built_without ? "build zimage with CUDA (cmake --preset release)" : kDriverAdvice};
}

// What --attention auto takes for a picture on this GPU.
std::string fused_attention(const DeviceInfo& d) {
  const AttentionProblem problem{10 * d.major + d.minor, DType::f16, /*tokens=*/4096, /*head_dim=*/128};
  return std::string(option_name(choose_attention(AttentionBackend::automatic, problem)));
}

Findings gpu_findings(const std::vector<DeviceInfo>& devices) {
  Findings findings;
  for (const DeviceInfo& d : devices) {
    const std::string text = d.device + " " + d.name + ", compute capability " + std::to_string(d.major) + "." +
                             std::to_string(d.minor) + ", " + format_bytes(d.total_bytes) + ", " +
                             format_bytes(free_device_bytes(d.device)) + " free, attention in 16 bit by " +
                             fused_attention(d);
    const bool supported = d.major * 10 + d.minor >= kMinCapability;
    findings.push_back(supported ? Finding{"ok", "GPU", text}
                                 : Finding{"missing", "GPU", text + ": older than Turing (7.5)",
                                           "use a card of the Turing generation or later, or --device cpu"});
  }
  if (devices.empty()) findings.push_back(without_gpu());
  return findings;
}

Finding driver_finding(const std::optional<NvmlReport>& nvml) {
  if (!nvml || nvml->driver_version.empty()) {
    if (!has_nvidia_card()) return {"note", "driver", "no NVIDIA driver, none needed without a card"};
    return {"missing", "driver", "no NVIDIA driver", kDriverAdvice};
  }
  const int major = std::atoi(nvml->driver_version.c_str());
  if (major < kMinDriver) {
    return {"missing", "driver", nvml->driver_version + ": CUDA 13 needs 580 or later", kDriverAdvice};
  }
  return {"ok", "driver", nvml->driver_version};
}

std::string lanes(unsigned generation, unsigned width) {
  return "PCIe " + std::to_string(generation) + " x" + std::to_string(width);
}

Findings link_findings(const std::optional<NvmlReport>& nvml) {
  Findings findings;
  if (!nvml) return {{"note", "link", "not measured: the driver's management library is missing"}};
  for (const NvmlGpu& gpu : nvml->gpus) {
    if (!gpu.link) {
      findings.push_back({"note", "link", gpu.name + ": not measured"});
      continue;
    }
    const PcieLink& link = *gpu.link;
    const bool narrow = link.width < link.max_width;
    findings.push_back({narrow ? "note" : "ok", "link",
                        gpu.name + ": " + lanes(link.generation, link.width) + " now, at most " +
                            lanes(link.max_generation, link.max_width),
                        narrow ? "move the card to a slot with all its lanes" : ""});
  }
  return findings;
}

Finding libraries_finding() {
  std::string text = version_text();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, ", ");
  return {"ok", "libraries", text};
}

Finding model_finding(const ModelFolder& model) {
  const Checkpoint checkpoint(model.dir, model.components);
  std::uint64_t parameters = 0;
  for (const ComponentSummary& component : summarize(checkpoint)) parameters += component.loaded_parameters;
  return {"ok", "model",
          model_place(model) + " (" + model.origin + "): " + format_count(parameters) + " parameters, " +
              format_bytes(parameters * dtype_bytes(DType::f16)) + " in fp16"};
}

std::string text_of(const Findings& findings) {
  std::string text;
  for (const Finding& f : findings) {
    text += f.state + std::string(9 - f.state.size(), ' ') + f.topic + std::string(11 - f.topic.size(), ' ') + f.text +
            "\n";
    if (!f.advice.empty()) text += std::string(20, ' ') + "-> " + f.advice + "\n";
  }
  return text;
}

void append(Findings& to, const Findings& more) { to.insert(to.end(), more.begin(), more.end()); }

void run_doctor(const DoctorArguments& arguments) {
  apply(arguments.log);
  const std::optional<NvmlReport> nvml = query_nvml();
  Findings findings = gpu_findings(cuda_devices());
  findings.push_back(driver_finding(nvml));
  append(findings, link_findings(nvml));
  findings.push_back({"ok", "memory", format_bytes(available_host_bytes()) + " of the host's memory available"});
  findings.push_back(libraries_finding());
  std::optional<Error> unusable;
  try {
    findings.push_back(model_finding(find_model(arguments.model)));
  } catch (const Error& error) {
    unusable = error;
    findings.push_back(
        {"missing", "model", error.what(), "give a complete checkpoint folder: --model DIR or $ZIMAGE_MODEL"});
  }
  print(text_of(findings));
  if (unusable) throw *unusable;
}

}  // namespace

Command doctor_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("doctor", "Say what this machine has, what is missing, and what to do about it");
  command->footer("Example:\n  zimage doctor\n");
  const auto arguments = std::make_shared<DoctorArguments>();
  add_model_options(*command, arguments->model);
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_doctor(*arguments); }};
}

}  // namespace zimage::app
