// The picture of a run's memory: what is drawn lies where the numbers say.
#include "app/memory_plot.h"

#include "support/xml.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// One image in a second: load to 0.4 s, encode to 0.5, denoise to 0.9, decode to 1.
std::vector<MemorySample> samples() {
  std::vector<MemorySample> samples;
  for (int i = 0; i <= 100; ++i) {
    const Stage stage = i <= 40 ? Stage::load : i <= 50 ? Stage::encode : i <= 90 ? Stage::denoise : Stage::decode;
    samples.push_back({0.01 * i, stage, {(i == 70 ? 3000 : 2000) * kMiB, 1500 * kMiB, 1000 * kMiB, 700 * kMiB}});
  }
  return samples;
}

RunProfile run() {
  RunProfile run;
  run.description.gpu = "NVIDIA <H200> & Co";
  run.description.model = "a\nmodel";
  run.description.width = 1024;
  run.description.height = 768;
  run.samples = samples();
  TimedImage image;
  image.profile.denoise.predicted.peak_bytes = 3072 * kMiB;
  image.profile.decode.predicted.peak_bytes = 2048 * kMiB;
  image.profile.plan = {.budget_bytes = 4096 * kMiB, .levers = "VAE strips"};
  run.images = {image};
  return run;
}

using test::XmlElement;

// All elements whose class is this, in the order in which they are drawn.
std::vector<XmlElement> elements_of(const std::string& svg, const std::string& kind) {
  std::vector<XmlElement> found;
  for (const XmlElement& element : test::parse_xml(svg)) {
    const auto attribute = element.attributes.find("class");
    if (attribute != element.attributes.end() && attribute->second == kind) found.push_back(element);
  }
  return found;
}

double number(const XmlElement& element, const char* attribute) { return std::stod(element.attributes.at(attribute)); }

// How high above the bottom a line lies.
double height_of(const std::string& svg, const std::string& kind) {
  return number(elements_of(svg, "axis bottom").at(0), "y1") - number(elements_of(svg, kind).at(0), "y1");
}

TEST(MemoryPlot, budget_and_predictions_lie_in_proportion) {
  const std::string svg = memory_plot(run());
  const double budget = height_of(svg, "budget");
  EXPECT_GT(budget, 200);
  EXPECT_NEAR(height_of(svg, "predicted denoise"), budget * 3 / 4, 0.11);
  EXPECT_NEAR(height_of(svg, "predicted decode"), budget / 2, 0.11);
  EXPECT_EQ(elements_of(svg, "predicted encode").size(), 0U);
}

TEST(MemoryPlot, stages_stand_side_by_side_in_order_and_predictions_span_theirs) {
  const std::string svg = memory_plot(run());
  const XmlElement axis = elements_of(svg, "axis bottom").at(0);
  const double left = number(axis, "x1"), wide = number(axis, "x2") - left;
  double begin = left;
  const std::vector<std::pair<std::string, double>> ends{
      {"load", 0.4}, {"encode", 0.5}, {"denoise", 0.9}, {"decode", 1}};
  for (const auto& [stage, end] : ends) {
    const std::vector<XmlElement> bands = elements_of(svg, "stage " + stage);
    ASSERT_EQ(bands.size(), 1U) << stage;
    EXPECT_NEAR(number(bands[0], "x"), begin, 0.11) << stage;
    begin += number(bands[0], "width");
    EXPECT_NEAR(begin, left + wide * end, 0.21) << stage;
  }
  const XmlElement predicted = elements_of(svg, "predicted denoise").at(0);
  EXPECT_NEAR(number(predicted, "x1"), left + wide * 0.5, 0.11);
  EXPECT_NEAR(number(predicted, "x2"), left + wide * 0.9, 0.11);
}

// The highest point of an area, above the bottom.
double top_of(const std::string& svg, const std::string& area) {
  const std::string path = elements_of(svg, "area " + area).at(0).attributes.at("d");
  const double bottom = number(elements_of(svg, "axis bottom").at(0), "y1");
  double top = 0;
  for (std::size_t at = path.find('V'); at != std::string::npos; at = path.find('V', at + 1)) {
    top = std::max(top, bottom - std::stod(path.substr(at + 1)));
  }
  return top;
}

TEST(MemoryPlot, areas_reach_what_was_sampled) {
  const std::string svg = memory_plot(run());
  const double mib = height_of(svg, "budget") / 4096;
  EXPECT_NEAR(top_of(svg, "device"), 3000 * mib, 0.11);
  EXPECT_NEAR(top_of(svg, "reserved"), 1500 * mib, 0.11);
  EXPECT_NEAR(top_of(svg, "allocated"), 1000 * mib, 0.11);
  EXPECT_EQ(elements_of(svg, "area host").size(), 0U);
}

TEST(MemoryPlot, titles_say_what_ran_where_and_strangers_text_is_harmless) {
  const std::string svg = memory_plot(run());
  const std::vector<XmlElement> titles = elements_of(svg, "title");
  ASSERT_EQ(titles.size(), 1U);
  EXPECT_NE(titles[0].text.find("a\\nmodel, 1024×768"), std::string::npos) << titles[0].text;
  EXPECT_NE(titles[0].text.find("NVIDIA <H200> & Co"), std::string::npos) << titles[0].text;
  EXPECT_NE(svg.find("plan: VAE strips"), std::string::npos);
  EXPECT_NE(svg.find("budget 4.00 GiB"), std::string::npos);
}

TEST(MemoryPlot, on_the_cpu_it_is_the_host) {
  RunProfile cpu = run();
  cpu.description.gpu.clear();
  for (MemorySample& sample : cpu.samples) sample.memory = {{}, {}, {}, sample.memory.host};
  const std::string svg = memory_plot(cpu);
  EXPECT_EQ(elements_of(svg, "area host").size(), 1U);
  EXPECT_EQ(elements_of(svg, "area device").size(), 0U);
  EXPECT_EQ(elements_of(svg, "budget").size(), 0U);
  EXPECT_GT(top_of(svg, "host"), 200);
}

TEST(MemoryPlot, a_budget_far_above_does_not_press_the_rest_flat) {
  RunProfile roomy = run();
  roomy.images[0].profile.plan.budget_bytes = 140'000 * kMiB;
  const std::string svg = memory_plot(roomy);
  EXPECT_EQ(elements_of(svg, "budget").size(), 0U);
  EXPECT_GT(top_of(svg, "device"), 200);
  EXPECT_NE(svg.find("budget 137 GiB"), std::string::npos);
}

TEST(MemoryPlot, a_long_run_makes_a_small_file) {
  RunProfile run_of_minutes = run();
  run_of_minutes.samples.clear();
  for (int i = 0; i < 100'000; ++i) {
    const auto stage = static_cast<Stage>(i / 25 % 4);
    run_of_minutes.samples.push_back({0.01 * i, stage, {(2000 + i % 7) * kMiB, 1500 * kMiB, 1000 * kMiB, 0}});
  }
  const std::string svg = memory_plot(run_of_minutes);
  EXPECT_LT(svg.size(), 1'000'000U);
  const std::string path = elements_of(svg, "area device").at(0).attributes.at("d");
  EXPECT_LE(std::count(path.begin(), path.end(), 'V'), 2000);
  EXPECT_GE(std::count(path.begin(), path.end(), 'V'), 300);
  EXPECT_FALSE(test::parse_xml(memory_plot(RunProfile{})).empty());  // without a sample
}

}  // namespace
}  // namespace zimage::app
