// Makes a job's images one after the other, writes them, and keeps what they cost.
#pragma once

#include "zimage/pipeline.h"

#include "app/generate_job.h"
#include "app/metadata.h"
#include "app/model_folder.h"
#include "app/preview.h"
#include "app/progress_bar.h"
#include "app/run_profile.h"

#include <optional>
#include <set>

namespace zimage::app {

// Says each warning once, however many images share it.
class Warnings {
 public:
  void say(const std::vector<std::string>& warnings);

 private:
  std::set<std::string> said_;
};

class Generation {
 public:
  // preview: of each picture that is written; outlives this.
  Generation(const GenerateJob& job, const ModelFolder& model, ProgressBar::Visibility visibility,
             const Preview& preview);

  void run();
  // After run().
  RunProfile profile() const;

 private:
  void say_cost_of_steps() const;
  // Reads a little of the model's files the first time.
  const RunRecord& run_record();
  ProgressCallback on_progress();
  // Draws one image and keeps its times under `images`.
  Result draw(const Request& request, std::vector<TimedImage>& images);
  void write(const Request& request, const Result& result, const OutputPaths& paths);
  void repeat(const Repetition& repetition);

  const GenerateJob& job_;
  Warnings warnings_;
  ProgressBar bar_;
  const Preview& preview_;
  Pipeline pipeline_;
  std::string model_;
  std::optional<RunRecord> run_;
  RunProfile profile_;
};

}  // namespace zimage::app
