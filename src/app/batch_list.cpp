#include "app/batch_list.h"

#include "zimage/error.h"

#include "app/signals.h"
#include "base/text.h"

#include <system_error>
#include <utility>

namespace zimage::app {

BatchList::BatchList(const BatchJob& job, batch::ByteSource source, Evidence evidence)
    : job_(job), reader_(job.rules, batch::ItemReader(job.format, std::move(source))), evidence_(evidence) {}

std::optional<NextImage> BatchList::next() {
  while (auto job = reader_.next()) {
    stop_if_signalled();
    ++images_;
    if (!job_.header.shard.has(job->index)) continue;
    if (job_.journal) job_.journal->records().check_same(*job, reader_.place(*job), job_.journal->path());
    if (is_there(*job)) {
      ++complete_;
    } else {
      const io::Overwrite overwrite = overwrite_of(*job);
      return NextImage{std::move(*job), overwrite};
    }
  }
  if (job_.journal) job_.journal->records().check_end(images_, job_.journal->path());
  return std::nullopt;
}

bool BatchList::is_there(const batch::Job& job) const {
  const batch::Record* const record = job_.journal ? job_.journal->records().find(job.index) : nullptr;
  if (record == nullptr || record->status != batch::Status::done) return false;
  return evidence_ == Evidence::journal || batch::is_complete(job_.out_dir / job.file, *record);
}

io::Overwrite BatchList::overwrite_of(const batch::Job& job) const {
  const std::filesystem::path file = job_.out_dir / job.file;
  if (job_.contact_sheet && job_.contact_sheet->lexically_normal() == file.lexically_normal()) {
    throw Error(ErrorKind::usage, reader_.place(job) + ": image " + std::to_string(job.index) +
                                      " would have the name of --contact-sheet " + printable(file.native()));
  }
  std::error_code ignored;
  if (std::filesystem::symlink_status(file, ignored).type() == std::filesystem::file_type::not_found) {
    return io::Overwrite::no;
  }
  // Without metadata a picture does not say whose it is; one that came after the journal's last line was being kept
  // when the run was stopped.
  const auto is_last_one = [&] {
    const auto written = std::filesystem::last_write_time(file, ignored);
    return !job_.metadata && !ignored && written >= job_.resumed_from;
  };
  const bool is_ours = job_.is_resumed && (job_.journal->records().find(job.index) != nullptr ||
                                           batch::is_picture_of(file, job) || is_last_one());
  const io::Overwrite overwrite = is_ours ? io::Overwrite::yes : job_.overwrite;
  check_writable(reader_.place(job) + ":", file, overwrite);
  return overwrite;
}

std::uint64_t ListSurvey::to_draw_count() const {
  std::uint64_t count = 0;
  for (const auto& [shape, images] : to_draw) count += images;
  return count;
}

ListSurvey survey_list(const BatchJob& job) {
  BatchList list(job, batch::source_of_file(job.prompts, ErrorKind::usage), BatchList::Evidence::journal);
  ListSurvey survey;
  while (const auto next = list.next()) {
    const Request& r = next->job.request;
    ++survey.to_draw[{r.width, r.height, r.steps, r.guidance_scale > 0}];
  }
  survey.images = list.images();
  survey.complete = list.complete();
  return survey;
}

PlannedImages planned_images(const ListSurvey& survey) {
  // 0 is the model's own size, which is the usual one.
  const auto pixels = [](const Shape& s) {
    return (s.width == 0 ? 1024L : s.width) * (s.height == 0 ? 1024L : s.height);
  };
  PlannedImages planned;
  long most = 0;
  for (const auto& [shape, images] : survey.to_draw) {
    planned.guided = planned.guided || shape.guided;
    if (pixels(shape) <= most) continue;
    most = pixels(shape);
    planned.width = shape.width;
    planned.height = shape.height;
    planned.steps = shape.steps;
  }
  return planned;
}

}  // namespace zimage::app
