// How far a generation is: a line on a terminal, and the log's events.
#pragma once

#include "zimage/pipeline.h"

#include "app/step_events.h"
#include "config/options.h"

#include <chrono>
#include <string>
#include <utility>

namespace zimage::app {

// What the line shows of a stage that is `seconds` old. Apart from the terminal, so that it can be tested.
std::string progress_line(const Progress& progress, double seconds);

class ProgressBar {
 public:
  enum class Visibility { shown, hidden };
  explicit ProgressBar(Visibility visibility) : visibility_(visibility) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // What stands before each line from here on.
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
  void update(const Progress& progress);
  // Takes the line away, before anything else is written to standard error.
  void clear();
  // The same, where what was reported last is over.
  void end();

 private:
  Visibility visibility_;
  StepEvents events_;
  std::string prefix_;
  bool drawn_ = false;
  Stage stage_ = Stage::load;
  std::chrono::steady_clock::time_point stage_start_ = std::chrono::steady_clock::now();
};

// Shown where standard error is a terminal, and its messages are for people who want them.
ProgressBar::Visibility progress_visibility(const config::LogOptions& log);

}  // namespace zimage::app
