// Graphics cards described in a file, so that a plan can be made for one that is not there.
#pragma once

#include "plan/machine.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::config {

struct Card {
  std::string key;  // "rtx-3060"
  plan::Machine machine;
  std::string source;  // of its figures
};

// The format of configs/cards.yaml. Throws Error(io), Error(model) naming file, line, column and rule.
std::vector<Card> read_cards(const std::filesystem::path& path);

// Throws Error(usage) naming --card and the nearest name.
const Card& find_card(const std::vector<Card>& cards, std::string_view key);

}  // namespace zimage::config
