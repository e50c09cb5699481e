// The cards that a plan can be made for: every one of configs/cards.yaml plans, and a file that breaks the format is
// refused with its place.
#include "config/cards.h"

#include "plan/full_model.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using config::Card;
using config::find_card;
using config::read_cards;
using test::full_problem;
using test::kGiB;

const std::vector<Card>& cards() {
  static const std::vector<Card> all = read_cards(ZIMAGE_TEST_DATA "/../../configs/cards.yaml");
  return all;
}

plan::Plan planned(const Card& card, const plan::Policy& policy = {}) {
  plan::Problem problem = full_problem();
  if (card.machine.capability < 80) problem.types.vae = DType::f32;
  problem.units = test::full_units(problem.types);
  plan::Outcome outcome = plan::make_plan(problem, card.machine, policy);
  if (!outcome.plan) throw std::runtime_error(card.key + ": " + outcome.shortfall->suggestion);
  return *std::move(outcome.plan);
}

TEST(Cards, every_card_draws_1024) {
  ASSERT_GE(cards().size(), 30U);
  for (const Card& card : cards()) {
    const plan::Plan plan = planned(card);
    EXPECT_LE(plan.peak_bytes(), card.machine.free_bytes) << card.key;
    EXPECT_GT(plan.seconds(), 0.5) << card.key;
    EXPECT_LT(plan.seconds(), 60) << card.key;
    EXPECT_FALSE(card.source.empty()) << card.key;
  }
}

TEST(Cards, rates_follow_from_cores_and_clock) {
  constexpr double kSustained = 0.70;  // of cards.yaml
  int checked = 0;
  for (const Card& card : cards()) {
    long cores = 0, megahertz = 0;
    if (std::sscanf(card.source.c_str(), "%ld cores at %ld MHz", &cores, &megahertz) != 2) continue;
    const double peak = 2e-6 * static_cast<double>(cores) * static_cast<double>(megahertz);
    EXPECT_NEAR(card.machine.tflops.f32 / kSustained, peak, 0.012 * peak) << card.key;
    ++checked;
  }
  EXPECT_GE(checked, 35);
}

TEST(Cards, those_that_people_ask_for_are_there) {
  for (const char* key : {"t4",
                          "rtx-2060",
                          "rtx-2070",
                          "rtx-2080",
                          "rtx-2080-ti",
                          "rtx-3050",
                          "rtx-3060",
                          "rtx-3060-ti",
                          "rtx-3070",
                          "rtx-3080",
                          "rtx-3080-12gb",
                          "rtx-3090",
                          "rtx-4060",
                          "rtx-4060-ti",
                          "rtx-4060-ti-16gb",
                          "rtx-4070",
                          "rtx-4070-ti",
                          "rtx-4080",
                          "rtx-4090",
                          "rtx-5060",
                          "rtx-5060-ti",
                          "rtx-5060-ti-16gb",
                          "rtx-5070",
                          "rtx-5070-ti",
                          "rtx-5080",
                          "rtx-5090",
                          "a10g",
                          "l4",
                          "l40s",
                          "a100-40gb",
                          "a100-80gb",
                          "h100",
                          "h200"}) {
    EXPECT_EQ(find_card(cards(), key).key, key);
  }
}

TEST(Cards, the_h200_of_the_file_is_the_one_that_was_measured) {
  const plan::Machine& machine = find_card(cards(), "h200").machine;
  EXPECT_NEAR(machine.link_bytes_per_second, 55.3e9, 0.05 * 55.3e9);
  EXPECT_NEAR(machine.memory_bytes_per_second, 4.25e12, 0.05 * 4.25e12);
  EXPECT_NEAR(machine.tflops.bf16, 700, 35);
  EXPECT_NEAR(machine.tflops.f16, 670, 35);
  EXPECT_NEAR(planned(find_card(cards(), "h200")).seconds(), 0.77, 0.15 * 0.77);
}

// 8.3 GB stay on a 12 GB card, and the rest hides behind its computation.
TEST(Cards, a_card_of_12_gb_hides_the_transfer) {
  const Card& card = find_card(cards(), "rtx-3060");
  const plan::Plan plan = planned(card);
  Card endless = card;
  endless.machine.device_bytes = endless.machine.free_bytes = 80 * kGiB;
  EXPECT_LT(plan.stages[1].seconds, 1.03 * planned(endless).stages[1].seconds);
}

TEST(Cards, an_unknown_card_is_refused_with_the_nearest_name) {
  test::expect_error(ErrorKind::usage, {"--card rtx3060", "did you mean rtx-3060?"},
                     [] { find_card(cards(), "rtx3060"); });
  test::expect_error(ErrorKind::usage, {"--card voodoo", "no such card"}, [] { find_card(cards(), "voodoo"); });
}

TEST(Cards, a_broken_file_is_refused_with_its_place) {
  const test::TempDir dir;
  const std::string good =
      "cards:\n  mine: {name: Mine, capability: 86, memory: 12GiB, memory_gb_s: 360, link_gb_s: 31.5, fp16: 25, "
      "bf16: 25, fp32: 12, source: me}\n";
  EXPECT_EQ(read_cards(dir.write("good.yaml", good)).front().machine.device_bytes, 12 * kGiB);
  const auto refused = [&](const std::string& from, const std::string& to, const std::vector<std::string>& words) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const auto path = dir.write("bad.yaml", text);
    test::expect_error(ErrorKind::model, words, [&] { read_cards(path); });
  };
  refused("memory: 12GiB", "memory: 12", {"bad.yaml:2:", "cards.mine.memory"});
  refused("fp16: 25", "fp16: 0", {"cards.mine.fp16", "more than 0"});
  refused("capability: 86", "capability: 61", {"cards.mine.capability", "75"});
  refused("link_gb_s", "link_gbs", {"cards.mine.link_gbs", "did you mean 'link_gb_s'?"});
  refused(", source: me", "", {"cards.mine", "'source' is missing"});
  refused("cards:", "sustained: {tflops: 2, memory: 1, link: 1, free: 1}\ncards:", {"sustained.tflops", "at most 1"});
}

}  // namespace
}  // namespace zimage
