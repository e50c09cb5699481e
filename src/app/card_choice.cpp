#include "app/card_choice.h"

#include "zimage/error.h"

#include "base/log.h"
#include "base/text.h"
#include "config/cards.h"
#include "runtime/device.h"
#include "runtime/host_memory.h"
#include "runtime/machine.h"

#include <algorithm>
#include <filesystem>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultCard = "h200";
constexpr double kFreeOfMemory = 0.98;

// Beside the installed executable or in the source tree.
fs::path known_cards() {
  std::error_code ignored;
  const fs::path executable = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed =
      (executable.parent_path() / ".." / ZIMAGE_INSTALLED_CONFIGS / "cards.yaml").lexically_normal();
  return fs::is_regular_file(installed, ignored) ? installed : fs::path(ZIMAGE_SOURCE_CONFIGS) / "cards.yaml";
}

// By its name as the driver has it and its memory: one name can stand for two sizes.
const config::Card* card_of(const std::vector<config::Card>& cards, const DeviceInfo& gpu) {
  const auto found = std::find_if(cards.begin(), cards.end(), [&](const config::Card& card) {
    return gpu.name.ends_with(card.machine.name) && card.machine.device_bytes / 10 * 9 < gpu.total_bytes &&
           gpu.total_bytes < card.machine.device_bytes / 10 * 11;
  });
  return found == cards.end() ? nullptr : &*found;
}

std::optional<plan::Machine> local_machine(const std::vector<config::Card>& cards) {
  const std::vector<DeviceInfo> gpus = cuda_devices();
  if (gpus.empty()) return std::nullopt;
  const config::Card* card = card_of(cards, gpus.front());
  if (card == nullptr) {
    log::info(gpus.front().name + " is not in cards.yaml: the plan's seconds are another card's");
    card = &config::find_card(cards, kDefaultCard);
  }
  plan::Machine machine = card->machine;
  machine.name = gpus.front().name;
  machine.capability = 10 * gpus.front().major + gpus.front().minor;
  machine.multiprocessors = own_multiprocessors(gpus.front());
  machine.device_bytes = gpus.front().total_bytes;
  machine.free_bytes = static_cast<std::uint64_t>(static_cast<double>(machine.device_bytes) * kFreeOfMemory);
  machine.host_bytes = available_host_bytes();
  if (const auto measured = read_rates(rates_file(machine.name))) {
    machine.link_bytes_per_second = measured->link_bytes_per_second;
    machine.memory_bytes_per_second = measured->memory_bytes_per_second;
    machine.tflops = measured->tflops;
  }
  return machine;
}

}  // namespace

plan::Machine choose_machine(const CardRequest& request) {
  const std::vector<config::Card> cards =
      config::read_cards(request.card_file ? fs::path(*request.card_file) : known_cards());
  if (request.card) return config::find_card(cards, *request.card).machine;
  if (request.card_file) {
    if (cards.size() == 1) return cards.front().machine;
    throw Error(ErrorKind::usage,
                "--card-file " + printable(*request.card_file) + ": has several cards; --card picks one");
  }
  if (const auto machine = local_machine(cards)) return *machine;
  log::info("no GPU here and no --card: planned for an H200");
  return config::find_card(cards, kDefaultCard).machine;
}

}  // namespace zimage::app
