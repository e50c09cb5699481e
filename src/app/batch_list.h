// The images that are still to be drawn, in order.
#pragma once

#include "app/batch_job.h"
#include "batch/job_reader.h"
#include "batch/writer.h"

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

namespace zimage::app {

struct NextImage {
  batch::Job job;
  io::Overwrite overwrite = io::Overwrite::no;  // of its file
};

class BatchList {
 public:
  // journal: believe it that a picture is there; file: look.
  enum class Evidence { journal, file };

  BatchList(const BatchJob& job, batch::ByteSource source, Evidence evidence);

  // Throws Error(usage) for what breaks the list's rules or is not as the journal has it, Error(io) for a file that
  // exists already and is not ours, and Cancelled after a signal.
  std::optional<NextImage> next();
  // next() would not wait for more of a pipe.
  bool is_ready() const { return reader_.is_ready(); }

  std::uint64_t images() const { return images_; }      // so far, of all shards
  std::uint64_t complete() const { return complete_; }  // so far: there already

 private:
  bool is_there(const batch::Job& job) const;
  io::Overwrite overwrite_of(const batch::Job& job) const;

  const BatchJob& job_;
  batch::JobReader reader_;
  Evidence evidence_;
  std::uint64_t images_ = 0, complete_ = 0;
};

// What one image costs depends on.
struct Shape {
  int width = 0, height = 0;  // pixels; 0: the model's own
  int steps = 0;
  bool guided = false;

  auto operator<=>(const Shape&) const = default;
};

// What a list asks for.
struct ListSurvey {
  std::uint64_t images = 0;                // of all shards
  std::uint64_t complete = 0;              // of this one, there already
  std::map<Shape, std::uint64_t> to_draw;  // of this one
  std::uint64_t to_draw_count() const;
};

// Reads the whole list, and so checks all of it. Throws as BatchList does.
ListSurvey survey_list(const BatchJob& job);

// The largest of these images, for the plan.
PlannedImages planned_images(const ListSurvey& survey);

}  // namespace zimage::app
