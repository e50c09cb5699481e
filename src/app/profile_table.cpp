// A run's cost as lines for people.
#include "app/format.h"
#include "app/run_profile.h"

#include <algorithm>

namespace zimage::app {
namespace {

constexpr double kMiB = 1 << 20;

struct Column {
  std::string head;
  std::vector<std::string> cells;  // one per row; empty where unknown
};

std::string milliseconds(double seconds) { return seconds > 0 ? format_fixed(seconds * 1000, 2) : ""; }

std::string mib(std::uint64_t bytes) { return bytes > 0 ? format_fixed(static_cast<double>(bytes) / kMiB, 0) : ""; }

std::string hidden_percent(const Transfer& streamed) {
  return streamed.seconds > 0 ? format_fixed(100 * streamed.hidden_share(), 0) : "";
}

class Table {
 public:
  void add(const std::string& name, const StageProfile& p) {
    const std::vector<std::string> cells{name,
                                         milliseconds(p.seconds),
                                         milliseconds(p.predicted.seconds),
                                         mib(p.device_bytes),
                                         mib(p.predicted.peak_bytes),
                                         mib(p.peak.reserved),
                                         mib(p.peak.allocated),
                                         mib(p.streamed.bytes),
                                         hidden_percent(p.streamed)};
    for (std::size_t i = 0; i < cells.size(); ++i) columns_[i].cells.push_back(cells[i]);
  }

  // Without the columns that no row has anything in.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines(1 + columns_.front().cells.size());
    for (const Column& column : columns_) {
      std::size_t width = 0;
      for (const std::string& cell : column.cells) width = std::max(width, cell.size());
      if (width == 0) continue;
      width = std::max(width, column.head.size());
      append(lines[0], column.head, width);
      for (std::size_t i = 0; i < column.cells.size(); ++i) append(lines[i + 1], column.cells[i], width);
    }
    for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
    return lines;
  }

 private:
  // The first column to the left, the others to the right.
  static void append(std::string& line, const std::string& cell, std::size_t width) {
    const std::string padding(width - cell.size(), ' ');
    line += line.empty() ? cell + padding : "  " + padding + cell;
  }

  std::vector<Column> columns_{{"stage", {}},         {"ms", {}},           {"predicted ms", {}},  {"device MiB", {}},
                               {"predicted MiB", {}}, {"reserved MiB", {}}, {"allocated MiB", {}}, {"streamed MiB", {}},
                               {"hidden %", {}}};
};

// The stages' predictions one after the other; the load is none of them.
StageProfile image_row(const RunSummary& summary, const std::vector<StageSummary>& stages) {
  StageProfile row{.seconds = summary.image_seconds};
  row.device_bytes = summary.device_bytes;
  for (const auto& [stage, profile] : stages) {
    if (stage == Stage::load) continue;
    row.predicted.seconds += profile.predicted.seconds;
    row.predicted.peak_bytes = std::max(row.predicted.peak_bytes, profile.predicted.peak_bytes);
  }
  return row;
}

std::string plan_line(const PlanProfile& plan) {
  std::string line = "plan: " + plan.levers;
  if (plan.budget_bytes > 0) line += "; budget " + format_bytes(plan.budget_bytes);
  if (plan.rung > 0) line += "; rung " + std::to_string(plan.rung);
  if (plan.retries > 0) line += "; " + std::to_string(plan.retries) + (plan.retries == 1 ? " retry" : " retries");
  return line;
}

std::string last_line(const RunProfile& run, const RunSummary& summary) {
  std::string line = "medians of " + std::to_string(run.images.size()) + " images after " +
                     std::to_string(run.warmup.size()) + ", " + std::to_string(summary.encodes) + " encodes; host " +
                     format_bytes(run.host_bytes);
  if (summary.pinned_bytes > 0) line += " (pinned " + format_bytes(summary.pinned_bytes) + ")";
  if (summary.device_bytes > 0) line += ", device " + format_bytes(summary.device_bytes);
  return line;
}

}  // namespace

std::vector<std::string> profile_table(const RunProfile& run) {
  const RunSummary summary = run_summary(run);
  const std::vector<StageSummary> stages = stage_summaries(run);
  Table table;
  for (const auto& [stage, profile] : stages) {
    table.add(std::string(name_of(stage)), profile);
    if (stage == Stage::denoise) table.add("  evaluation", {.seconds = summary.evaluation_seconds});
  }
  table.add("image", image_row(summary, stages));
  std::vector<std::string> lines = table.lines();
  if (!summary.plan.levers.empty()) lines.push_back(plan_line(summary.plan));
  lines.push_back(last_line(run, summary));
  return lines;
}

}  // namespace zimage::app
