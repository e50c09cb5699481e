#include "app/batch_run.h"

#include "zimage/error.h"

#include "app/batch_input.h"
#include "app/error_event.h"
#include "app/format.h"
#include "app/image_event.h"
#include "app/model_folder.h"
#include "app/output.h"
#include "app/run_description.h"
#include "app/run_record.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/host_memory.h"

#include <algorithm>
#include <span>
#include <utility>

namespace zimage::app {
namespace {

PipelineOptions options_of(const BatchJob& job, const PlannedImages& planned) {
  PipelineOptions options = job.pipeline;
  options.images = planned;
  options.images.max_batch = job.max_batch;
  return options;
}

std::string images(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " image" : " images"); }

}  // namespace

std::string summary_line(const BatchCounts& counts) {
  std::string line = images(counts.drawn) + " drawn, " + std::to_string(counts.failed) + " failed";
  if (counts.complete > 0) line += ", " + std::to_string(counts.complete) + " were there already";
  if (counts.drawn > 0) line += "; " + format_seconds(counts.seconds / static_cast<double>(counts.drawn)) + " an image";
  if (counts.device_bytes > 0) line += ", at most " + format_bytes(counts.device_bytes) + " of the device";
  return line + ", at most " + format_bytes(peak_resident_bytes()) + " of the host";
}

log::Event batch_event(const BatchCounts& counts) {
  return {"batch",
          summary_line(counts),
          {{"drawn", counts.drawn},
           {"failed", counts.failed},
           {"complete", counts.complete},
           {"seconds", counts.seconds},
           {"peak_device_bytes", counts.device_bytes},
           {"peak_host_bytes", peak_resident_bytes()}}};
}

std::string progress_prefix(const BatchCounts& counts, double seconds_per_image) {
  const std::uint64_t ended = counts.drawn + counts.failed;
  if (!counts.to_draw) return std::to_string(ended) + " drawn";
  std::string prefix = std::to_string(ended) + "/" + std::to_string(*counts.to_draw);
  if (ended > 0 && ended < *counts.to_draw) {
    prefix += ", " + format_seconds(seconds_per_image * static_cast<double>(*counts.to_draw - ended)) + " left";
  }
  return prefix;
}

BatchRun::BatchRun(BatchJob& job, const PlannedImages& planned, ProgressBar::Visibility visibility)
    : job_(job),
      bar_(visibility),
      pipeline_(options_of(job, planned)),
      model_(model_name(job.model)),
      writer_(*job.journal, job.out_dir, hooks()) {
  warnings_.say(pipeline_.warnings());
  log::milestone("opened " + model_ + " in " + pipeline_.dtype() + " on " + pipeline_.device());
}

batch::WriterHooks BatchRun::hooks() {
  batch::WriterHooks hooks;
  hooks.guard = [](const auto& write) {
    const SignalsDeferred deferred;
    write();
  };
  hooks.on_written = [this](const batch::JournalEntry& entry) {
    const std::lock_guard lock(mutex_);
    written_.push_back(entry);
  };
  return hooks;
}

std::optional<PartialBatch> BatchRun::run(std::optional<std::uint64_t> to_draw) {
  counts_.to_draw = to_draw;
  batch::ByteSource source = job_.is_pipe() ? standard_input([this] {
    stop_if_signalled();
    say_written();
  })
                                            : batch::source_of_file(job_.prompts, ErrorKind::usage);
  BatchList list(job_, std::move(source), BatchList::Evidence::file);
  std::exception_ptr ended_by;
  try {
    draw_all(list);
  } catch (...) {
    ended_by = std::current_exception();  // after what was drawn is on the disk
  }
  bar_.clear();
  counts_.complete = list.complete();
  writer_.finish();
  say_written();
  log::write(log::Level::info, batch_event(counts_));
  if (ended_by) std::rethrow_exception(ended_by);
  stop_if_signalled();
  if (counts_.failed == 0) return std::nullopt;
  return PartialBatch{stopped_by_ ? "--fail-fast: " + *stopped_by_ : images(counts_.failed) + " failed"};
}

void BatchRun::draw_all(BatchList& list) {
  if (job_.measured) profile_.load = pipeline_.load([this](const Progress& p) { return on_progress(p); });
  start_ = std::chrono::steady_clock::now();
  while (received_signal() == 0 && !stopped_by_) {
    const Window window = next_window(list);
    if (window.empty()) return;
    draw(window);
    say_written();
    if (list_failure_) std::rethrow_exception(list_failure_);
  }
}

BatchRun::Window BatchRun::next_window(BatchList& list) {
  Window window;
  try {
    for (std::size_t size = 1; window.size() < size;) {
      // What has come through a pipe is not kept waiting for more.
      if (!window.empty() && !list.is_ready()) break;
      auto image = list.next();
      if (!image) break;
      if (window.empty()) size = static_cast<std::size_t>(std::max(1, pipeline_.window_images(image->job.request)));
      window.push_back(std::move(*image));
    }
  } catch (...) {
    if (window.empty()) throw;
    list_failure_ = std::current_exception();  // after what came before it
  }
  return window;
}

void BatchRun::draw(const Window& window) {
  std::vector<Request> requests;
  for (const NextImage& image : window) {
    warnings_.say(warnings_about(image.job.request));
    requests.push_back(image.job.request);
  }
  const auto on_image = [&](std::size_t index, Outcome outcome) {
    if (output_failure_ || stopped_by_) return;
    try {
      take(window[index], std::move(outcome));
    } catch (...) {
      output_failure_ = std::current_exception();  // not the pipeline's, which could take it for its own
    }
  };
  is_drawing_ = true;
  try {
    pipeline_.generate_window(requests, on_image, [this](const Progress& p) { return on_progress(p); });
  } catch (const Cancelled&) {
    if (!output_failure_ && !stopped_by_) throw;
  }
  is_drawing_ = false;
  if (output_failure_) std::rethrow_exception(output_failure_);
}

void BatchRun::take(const NextImage& image, Outcome outcome) {
  bar_.end();
  if (outcome.error) {
    fail(image, *outcome.error);
  } else {
    keep(image, std::move(*outcome.result));
  }
}

void BatchRun::keep(const NextImage& image, Result result) {
  warnings_.say(result.warnings);
  const double seconds = image_seconds(result.profile);
  ++counts_.drawn;
  counts_.seconds += seconds;
  counts_.device_bytes = std::max(counts_.device_bytes, peak_device_bytes(result.profile));
  if (job_.measured) {
    profile_.images.push_back({image.job.request.seed, result.prompt_tokens, seconds, result.profile});
  }
  if (!run_) run_ = record_run(pipeline_, model_, job_.pipeline.attention);
  io::PictureText text;
  if (job_.metadata) text = picture_text(record_image(*run_, image.job.request, result));
  profiles_[image.job.index] = result.profile;
  batch::JournalEntry entry{
      .job = image.job, .status = batch::Status::done, .seconds = seconds, .plan = result.profile.plan.levers};
  writer_.push({std::move(entry), std::move(result.image), std::move(text), image.overwrite});
}

void BatchRun::fail(const NextImage& image, const Error& error) {
  ++counts_.failed;
  const std::string line = image.job.file + ": " + error.what();
  log::write(log::Level::error, error_event(error, line));
  if (job_.fail_fast && !stopped_by_) stopped_by_ = line;
  writer_.push({{.job = image.job, .error = error.what()}, {}, {}, image.overwrite});
}

bool BatchRun::on_progress(const Progress& progress) {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
  const auto ended = static_cast<double>(counts_.drawn + counts_.failed);
  bar_.set_prefix(progress_prefix(counts_, ended > 0 ? taken.count() / ended : 0));
  try {
    say_written();
  } catch (...) {
    output_failure_ = std::current_exception();
  }
  bar_.update(progress);
  if (output_failure_ || stopped_by_) return false;
  if (received_signal() == 0) return true;
  if (!is_drawing_ || progress.stage == Stage::load) return false;
  if (!std::exchange(is_stopping_, true)) {
    bar_.clear();
    log::info("interrupted: what is being drawn gets finished; a second signal ends the run at once");
  }
  return true;
}

void BatchRun::say_written() {
  std::vector<batch::JournalEntry> written;
  {
    const std::lock_guard lock(mutex_);
    written.swap(written_);
  }
  for (const batch::JournalEntry& entry : written) {
    if (entry.status != batch::Status::done) continue;
    bar_.clear();
    const std::string path = (job_.out_dir / entry.job.file).string();
    print(path + "\n");
    const auto profile = profiles_.extract(entry.job.index);
    log::write(log::Level::info,
               image_event({path, entry.job.request.seed, profile.mapped()},
                           path + ": image " + std::to_string(entry.job.index) + ", seed " +
                               std::to_string(entry.job.request.seed) + ", " + format_seconds(entry.seconds)));
  }
}

RunProfile BatchRun::profile() const {
  RunProfile run = profile_;
  run.description = describe_run(pipeline_.device());
  run.description.model = model_;
  run.description.dtype = pipeline_.dtype();
  run.description.attention = pipeline_.attention();
  const Request& request = job_.rules.defaults.request;
  run.description.width = request.width == 0 ? pipeline_.default_width() : request.width;
  run.description.height = request.height == 0 ? pipeline_.default_height() : request.height;
  run.description.evaluations = request.steps - 1;
  run.description.guidance_scale = request.guidance_scale;
  run.samples = pipeline_.memory_samples();
  run.host_bytes = peak_resident_bytes();
  return run;
}

}  // namespace zimage::app
