// Draws the images of a list, hands them to the writer, and keeps count.
#pragma once

#include "zimage/pipeline.h"

#include "app/batch_job.h"
#include "app/batch_list.h"
#include "app/command.h"
#include "app/generation.h"
#include "app/metadata.h"
#include "app/progress_bar.h"
#include "app/run_profile.h"
#include "base/log_event.h"
#include "batch/writer.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace zimage::app {

struct BatchCounts {
  std::uint64_t drawn = 0, failed = 0;
  std::uint64_t complete = 0;            // were there already
  std::optional<std::uint64_t> to_draw;  // nothing: nobody knows, of a pipe
  double seconds = 0;                    // that drawing took, by the stages' clocks
  std::uint64_t device_bytes = 0;        // the largest peak of an image
};

// Images, failures, seconds per image and peaks, in one line.
std::string summary_line(const BatchCounts& counts);
log::Event batch_event(const BatchCounts& counts);

// "12/64, 40 s left"; empty where nobody knows.
std::string progress_prefix(const BatchCounts& counts, double seconds_per_image);

class BatchRun {
 public:
  // job: with its journal. planned: the images that memory is planned for.
  BatchRun(BatchJob& job, const PlannedImages& planned, ProgressBar::Visibility visibility);

  // What failed, if anything did. Throws Cancelled after a signal, and what ends a run; whatever was drawn by then is
  // on the disk.
  std::optional<PartialBatch> run(std::optional<std::uint64_t> to_draw);
  // After run().
  RunProfile profile() const;

 private:
  using Window = std::vector<NextImage>;

  void draw_all(BatchList& list);
  Window next_window(BatchList& list);
  void draw(const Window& window);
  void take(const NextImage& image, Outcome outcome);
  void keep(const NextImage& image, Result result);
  void fail(const NextImage& image, const Error& error);
  bool on_progress(const Progress& progress);
  void say_written();
  batch::WriterHooks hooks();

  const BatchJob& job_;
  ProgressBar bar_;
  Warnings warnings_;
  Pipeline pipeline_;
  std::string model_;
  std::optional<RunRecord> run_;  // from the first picture on
  BatchCounts counts_;
  RunProfile profile_;
  std::map<std::uint64_t, Profile> profiles_;  // of images that are being written, by their index
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool is_stopping_ = false;  // said once
  bool is_drawing_ = false;
  std::optional<std::string> stopped_by_;  // with --fail-fast: what failed

  // From the writer's thread to the caller's, which alone talks to the user.
  std::mutex mutex_;
  std::vector<batch::JournalEntry> written_;
  std::exception_ptr output_failure_, list_failure_;

  batch::Writer writer_;  // the last, so that its thread ends first
};

}  // namespace zimage::app
