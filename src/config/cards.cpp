#include "config/cards.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/yaml_field.h"

#include <algorithm>
#include <array>

namespace zimage::config {
namespace {

constexpr double kGiga = 1e9;
constexpr IntegerRange kCapabilities{75, 999}, kMultiprocessors{1, 9999};
// As measured on an H200; smaller cards take less.
constexpr std::uint64_t kContextBytes = 528ULL << 20, kLibrariesBytes = 268ULL << 20;
// The host of a card that is not there is not known: large enough for everything, unless a host budget is given.
constexpr std::uint64_t kHostBytes = 1ULL << 40;

// What a run reaches of the makers' figures.
struct Sustained {
  double tflops = 1, memory = 1, link = 1, free = 1;
};

double positive(const YamlField& field) {
  const double value = field.number();
  if (value <= 0) field.refuse("must be more than 0");
  return value;
}

double share(const YamlField& field) {
  const double value = positive(field);
  if (value > 1) field.refuse("must be at most 1");
  return value;
}

Sustained read_sustained(const YamlField& field) {
  constexpr std::array<std::string_view, 4> kKeys{"tflops", "memory", "link", "free"};
  field.members(kKeys);
  return {share(field.at("tflops")), share(field.at("memory")), share(field.at("link")), share(field.at("free"))};
}

plan::Machine read_machine(const YamlField& card, const Sustained& sustained) {
  constexpr std::array<std::string_view, 10> kKeys{"name", "capability", "memory", "memory_gb_s",     "link_gb_s",
                                                   "fp16", "bf16",       "fp32",   "multiprocessors", "source"};
  card.members(kKeys);
  plan::Machine machine;
  machine.name = card.at("name").text();
  machine.capability = static_cast<int>(card.at("capability").integer(kCapabilities));
  if (const auto count = card.find("multiprocessors")) {
    machine.multiprocessors = static_cast<int>(count->integer(kMultiprocessors));
  }
  machine.device_bytes = card.at("memory").size();
  machine.free_bytes = static_cast<std::uint64_t>(static_cast<double>(machine.device_bytes) * sustained.free);
  machine.context_bytes = kContextBytes;
  machine.libraries_bytes = kLibrariesBytes;
  machine.link_bytes_per_second = positive(card.at("link_gb_s")) * kGiga * sustained.link;
  machine.memory_bytes_per_second = positive(card.at("memory_gb_s")) * kGiga * sustained.memory;
  machine.tflops = {positive(card.at("fp16")) * sustained.tflops, positive(card.at("bf16")) * sustained.tflops,
                    positive(card.at("fp32")) * sustained.tflops};
  machine.host_bytes = kHostBytes;
  return machine;
}

}  // namespace

std::vector<Card> read_cards(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 2> kKeys{"sustained", "cards"};
  const YamlDocument document = read_yaml(path);
  const YamlField root(document);
  root.members(kKeys);
  const auto given = root.find("sustained");
  const Sustained sustained = given ? read_sustained(*given) : Sustained{};
  std::vector<Card> cards;
  const YamlField list = root.at("cards");
  for (const YamlField& card : list.members()) {
    const std::string key = card.path().substr(list.path().size() + 1);
    cards.push_back({key, read_machine(card, sustained), card.at("source").text()});
  }
  if (cards.empty()) list.refuse("must name a card");
  return cards;
}

const Card& find_card(const std::vector<Card>& cards, std::string_view key) {
  const auto found = std::find_if(cards.begin(), cards.end(), [&](const Card& card) { return card.key == key; });
  if (found != cards.end()) return *found;
  std::vector<std::string_view> known;
  for (const Card& card : cards) known.push_back(card.key);
  const auto meant = nearest(key, known);
  const std::string hint =
      meant ? "did you mean " + std::string(*meant) + "?" : "known cards are in configs/cards.yaml";
  throw Error(ErrorKind::usage, "--card " + printable(key) + ": no such card, " + hint);
}

}  // namespace zimage::config
