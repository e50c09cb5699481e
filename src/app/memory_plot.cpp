#include "app/memory_plot.h"

#include "app/format.h"
#include "app/memory_timeline.h"
#include "app/svg.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

namespace zimage::app {
namespace {

// The picture and the plot in it, in pixels.
constexpr SvgPoint kSize{960, 440};
constexpr double kLeft = 84, kRight = 940, kTop = 84, kBottom = 352;
constexpr double kLegend = kSize.y - 24;
constexpr double kCharacter = 6.6;    // width of one in a label, about
constexpr double kNarrowest = 0.3;    // what is narrower than this nobody sees
constexpr std::size_t kPoints = 500;  // of each area
constexpr std::string_view kStyle =
    "text{font-size:12px;fill:#222}.title{font-size:16px;font-weight:bold}.tick{fill:#555}.area{fill-opacity:.9}"
    ".grid{stroke:#000;stroke-opacity:.12}.axis{stroke:#222}.budget{stroke:#111;stroke-width:2;stroke-dasharray:8 4}"
    ".predicted{stroke:#c0392b;stroke-width:2.5}";

struct Area {
  std::string_view name, colour;
  std::optional<std::uint64_t> (*of)(const MemoryReading&);
};

// Drawn in this order: each lies within the one before.
constexpr std::array<Area, 3> kDeviceAreas{
    {{"device", "#cfdff0", [](const MemoryReading& m) { return m.device; }},
     {"reserved", "#86aed9", [](const MemoryReading& m) { return m.reserved; }},
     {"allocated", "#2f6bb0", [](const MemoryReading& m) { return m.allocated; }}}};
constexpr std::array<Area, 1> kHostAreas{
    {{"host", "#86aed9", [](const MemoryReading& m) { return std::optional(m.host); }}}};

std::string_view colour_of(Stage stage) {
  switch (stage) {
    case Stage::load:
      return "#eeeeee";
    case Stage::encode:
      return "#fbe9c0";
    case Stage::denoise:
      return "#dcefd6";
    case Stage::decode:
      return "#f3dcea";
  }
  return "";
}

struct Numbers {
  RunSummary summary;
  std::vector<StageSummary> stages;
  std::vector<StageBand> bands;
  bool on_device = false;
  std::span<const Area> areas;
};

Numbers numbers_of(const RunProfile& run) {
  const bool on_device =
      std::any_of(run.samples.begin(), run.samples.end(), [](const auto& s) { return s.memory.device.has_value(); });
  return {run_summary(run), stage_summaries(run), stage_bands(run.samples), on_device,
          on_device ? std::span<const Area>(kDeviceAreas) : std::span<const Area>(kHostAreas)};
}

// What lies at the plot's right and at its top.
struct Scale {
  double seconds = 1, bytes = 1;

  double x(double at) const { return kLeft + (kRight - kLeft) * std::min(1.0, at / seconds); }
  double y(double at) const { return kBottom - (kBottom - kTop) * at / bytes; }
  double y(std::uint64_t at) const { return y(static_cast<double>(at)); }
};

Scale scale_of(const RunProfile& run, const Numbers& numbers) {
  std::uint64_t most = 1 << 20;
  for (const MemorySample& sample : run.samples) {
    for (const Area& area : numbers.areas) most = std::max(most, area.of(sample.memory).value_or(0));
  }
  if (numbers.on_device) {
    for (const StageSummary& stage : numbers.stages) most = std::max(most, stage.profile.predicted.peak_bytes);
    // A budget far above what is used would press the rest flat; the legend has it all the same.
    const std::uint64_t budget = numbers.summary.plan.budget_bytes;
    if (budget <= 2 * most) most = std::max(most, budget);
  }
  const double seconds = run.samples.empty() ? 1 : std::max(1e-3, run.samples.back().seconds);
  return {seconds, 1.06 * static_cast<double>(most)};
}

void draw_titles(Svg& svg, const RunProfile& run, const RunSummary& summary) {
  const RunDescription& d = run.description;
  svg.add_text({{kLeft, 26}, "start", "title"}, d.model + ", " + std::to_string(d.width) + "×" +
                                                    std::to_string(d.height) + ", " + std::to_string(d.evaluations) +
                                                    " evaluations in " + d.dtype + " on " +
                                                    (d.gpu.empty() ? d.cpu : d.gpu));
  std::string how = summary.plan.levers.empty() ? "" : "plan: " + summary.plan.levers + "; ";
  if (summary.image_seconds > 0) how += format_seconds(summary.image_seconds) + " per image; ";
  if (summary.device_bytes > 0) how += "device peak " + format_bytes(summary.device_bytes) + "; ";
  svg.add_text({{kLeft, 46}}, how + "host peak " + format_bytes(run.host_bytes));
}

void draw_bands(Svg& svg, const Numbers& numbers, const Scale& scale) {
  for (const StageBand& band : numbers.bands) {
    const double left = scale.x(band.begin), right = scale.x(band.end);
    if (right - left < kNarrowest) continue;
    const std::string name(name_of(band.stage));
    svg.add_box("stage " + name, colour_of(band.stage), {left, kTop}, {right, kBottom});
    if (right - left > kCharacter * static_cast<double>(name.size())) {
      svg.add_text({{(left + right) / 2, kTop - 6}, "middle"}, name);
    }
  }
}

// Steps: each reading holds until the next.
std::string path_of(const Area& area, const std::vector<MemorySample>& samples, const Scale& scale) {
  std::string path;
  for (const MemorySample& sample : samples) {
    const std::string x = svg_number(scale.x(sample.seconds));
    path += path.empty() ? "M" + x + " " + svg_number(kBottom) : "H" + x;
    path += "V" + svg_number(scale.y(area.of(sample.memory).value_or(0)));
  }
  if (!path.empty()) path += "H" + svg_number(kRight) + "V" + svg_number(kBottom) + "Z";
  return path;
}

void draw_areas(Svg& svg, const RunProfile& run, const Numbers& numbers, const Scale& scale) {
  const std::vector<MemorySample> samples = thinned(run.samples, kPoints);
  for (const Area& area : numbers.areas) {
    svg.add_path("area " + std::string(area.name), area.colour, path_of(area, samples, scale));
  }
}

void draw_memory_axis(Svg& svg, const Scale& scale, bool on_device) {
  svg.add_line("axis left", {kLeft, kTop}, {kLeft, kBottom});
  svg.add_text({{8, 66}}, on_device ? "device memory" : "host memory");
  const auto step = std::bit_ceil(static_cast<std::uint64_t>(scale.bytes / 7));
  for (std::uint64_t tick = 0; static_cast<double>(tick) <= scale.bytes; tick += step) {
    const double y = scale.y(tick);
    if (tick > 0) svg.add_line("grid", {kLeft, y}, {kRight, y});
    svg.add_text({{kLeft - 6, y + 4}, "end", "tick"}, tick == 0 ? "0" : format_bytes(tick));
  }
}

void draw_time_axis(Svg& svg, const Scale& scale) {
  svg.add_line("axis bottom", {kLeft, kBottom}, {kRight, kBottom});
  const double unit = std::pow(10, std::floor(std::log10(scale.seconds / 4)));
  const double rest = scale.seconds / 4 / unit, step = unit * (rest < 2 ? 1 : rest < 5 ? 2 : 5);
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  for (int i = 0; i * step <= scale.seconds; ++i) {
    const double x = scale.x(i * step);
    svg.add_line("axis", {x, kBottom}, {x, kBottom + 5});
    svg.add_text({{x, kBottom + 20}, "middle", "tick"}, format_fixed(i * step, decimals));
  }
  svg.add_text({{(kLeft + kRight) / 2, kBottom + 40}, "middle"}, "seconds since the start");
}

// Over each time that the stage took.
void draw_predictions(Svg& svg, const Numbers& numbers, const Scale& scale) {
  for (const auto& [stage, profile] : numbers.stages) {
    if (profile.predicted.peak_bytes == 0) continue;
    const double y = scale.y(profile.predicted.peak_bytes);
    for (const StageBand& band : numbers.bands) {
      const double left = scale.x(band.begin), right = scale.x(band.end);
      if (band.stage != stage || right - left < kNarrowest) continue;
      svg.add_line("predicted " + std::string(name_of(stage)), {left, y}, {right, y});
    }
  }
}

void draw_budget(Svg& svg, const Numbers& numbers, const Scale& scale) {
  const std::uint64_t budget = numbers.summary.plan.budget_bytes;
  const double y = scale.y(budget);
  if (budget > 0 && y >= kTop) svg.add_line("budget", {kLeft, y}, {kRight, y});
}

void draw_legend(Svg& svg, const Numbers& numbers) {
  double left = 24;
  const auto label = [&](const std::string& text) {
    svg.add_text({{left + 28, kLegend + 4}}, text);
    left += 42 + kCharacter * static_cast<double>(text.size());
  };
  for (const Area& area : numbers.areas) {
    svg.add_box("key", area.colour, {left, kLegend - 7}, {left + 22, kLegend + 7});
    label(std::string(area.name));
  }
  for (const Stage stage : {Stage::load, Stage::encode, Stage::denoise, Stage::decode}) {
    svg.add_box("key", colour_of(stage), {left, kLegend - 7}, {left + 22, kLegend + 7});
    label(std::string(name_of(stage)));
  }
  if (!numbers.on_device) return;
  const auto is_predicted = [](const StageSummary& s) { return s.profile.predicted.peak_bytes > 0; };
  if (std::any_of(numbers.stages.begin(), numbers.stages.end(), is_predicted)) {
    svg.add_line("predicted key", {left, kLegend}, {left + 22, kLegend});
    label("predicted peak");
  }
  if (numbers.summary.plan.budget_bytes > 0) {
    svg.add_line("budget key", {left, kLegend}, {left + 22, kLegend});
    label("budget " + format_bytes(numbers.summary.plan.budget_bytes));
  }
}

}  // namespace

std::string memory_plot(const RunProfile& run) {
  const Numbers numbers = numbers_of(run);
  const Scale scale = scale_of(run, numbers);
  Svg svg(kSize, kStyle);
  svg.add_box("page", "#ffffff", {0, 0}, kSize);
  draw_titles(svg, run, numbers.summary);
  draw_bands(svg, numbers, scale);
  draw_areas(svg, run, numbers, scale);
  draw_memory_axis(svg, scale, numbers.on_device);
  draw_time_axis(svg, scale);
  if (numbers.on_device) {
    draw_predictions(svg, numbers, scale);
    draw_budget(svg, numbers, scale);
  }
  draw_legend(svg, numbers);
  return std::move(svg).finish();
}

}  // namespace zimage::app
