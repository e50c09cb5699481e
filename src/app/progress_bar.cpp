#include "app/progress_bar.h"

#include "app/display_width.h"
#include "app/format.h"
#include "app/stage_name.h"
#include "app/terminal.h"
#include "app/translation.h"

#include <unistd.h>

#include <cstdio>

namespace zimage::app {
namespace {

constexpr int kBarCells = 24;
constexpr const char* kEraseLine = "\r\x1b[K";

// Load reports what is done, the other stages the step that begins.
int steps_done(const Progress& progress) { return progress.stage == Stage::load ? progress.step : progress.step - 1; }

std::string bar(int done, int steps) {
  const int filled = steps > 0 ? static_cast<int>(static_cast<long>(kBarCells) * done / steps) : 0;
  std::string cells(static_cast<std::size_t>(filled), '#');
  cells.resize(kBarCells, '.');
  return "[" + cells + "]";
}

}  // namespace

std::string progress_line(const Progress& progress, double seconds) {
  const int done = steps_done(progress);
  const bool loading = progress.stage == Stage::load;
  std::string line = std::string(name_of(progress.stage)) + " " + bar(done, progress.steps);
  if (loading || progress.steps > 1) {
    line += " " + std::to_string(progress.step) + "/" + std::to_string(progress.steps) + (loading ? " MiB" : "");
  }
  if (done <= 0 || seconds <= 0) return line;
  const double per_step = seconds / done;
  if (!loading) line += ", " + format_fixed(per_step, 2) + " s/step";
  return line + ", " + format_seconds(per_step * (progress.steps - done)) + " left";
}

void ProgressBar::update(const Progress& progress) {
  events_.update(progress);
  if (visibility_ == Visibility::hidden) return;
  const auto now = std::chrono::steady_clock::now();
  if (!drawn_ || progress.stage != stage_) {
    stage_ = progress.stage;
    stage_start_ = now;
  }
  const std::string prefix = prefix_.empty() ? "" : in_users_language(prefix_) + " | ";
  const std::chrono::duration<double> age = now - stage_start_;
  const std::string line = prefix + in_users_language(progress_line(progress, age.count()));
  // A line that is broken could not be taken away again.
  const auto columns = static_cast<std::size_t>(terminal_size(STDERR_FILENO).columns - 1);
  const std::string_view shown = clipped(line, columns);
  std::fprintf(stderr, "%s%.*s", kEraseLine, static_cast<int>(shown.size()), shown.data());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs(kEraseLine, stderr);
  std::fflush(stderr);
  drawn_ = false;
}

void ProgressBar::end() {
  clear();
  events_.end();
}

ProgressBar::Visibility progress_visibility(const config::LogOptions& log) {
  const bool wanted = !log.quiet && log.format == "text";
  return wanted && is_terminal(STDERR_FILENO) ? ProgressBar::Visibility::shown : ProgressBar::Visibility::hidden;
}

}  // namespace zimage::app
