// Writes pictures and their journal into a folder as `zimage batch` does, without a model: what scripts/torture.py
// kills, starves and resumes. Usage: zimage_torture DIR IMAGES [wait]     (wait: stops itself first, for a tracer to
// attach)
#include "zimage/error.h"

#include "batch/journal.h"
#include "batch/writer.h"
#include "io/file.h"

#include <signal.h>
#include <sys/prctl.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace zimage::batch {
namespace {

namespace fs = std::filesystem;

Job job_of(std::uint64_t index) {
  Job job{index, static_cast<std::size_t>(index) + 1, {}, "picture-" + std::to_string(index) + ".png"};
  job.request.prompt = "prompt " + std::to_string(index);
  job.request.seed = index;
  job.request.width = job.request.height = 16 * (1 + static_cast<int>(index % 3));
  return job;
}

// Noise, so that the file is about as large as its pixels.
Image image_of(const Request& request) {
  Image image{request.width, request.height, {}};
  std::uint32_t state = static_cast<std::uint32_t>(request.seed) + 1;
  image.rgb.resize(static_cast<std::size_t>(request.width) * static_cast<std::size_t>(request.height) * 3);
  for (std::uint8_t& value : image.rgb) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

Picture picture_of(const Job& job, io::Overwrite overwrite) {
  Picture picture;
  picture.entry.job = job;
  picture.entry.status = Status::done;
  picture.image = image_of(job.request);
  picture.text.json = "{\"prompt\":\"" + job.request.prompt + "\",\"seed\":" + std::to_string(job.request.seed) + "}";
  picture.overwrite = overwrite;
  return picture;
}

Journal journal_in(const fs::path& dir) {
  const JournalHeader header{.version = "torture", .seed = 0};
  auto journal = Journal::open(dir, header.shard);
  if (!journal) return Journal::create(dir, header);
  if (!journal->header()) journal->begin(header);
  return std::move(*journal);
}

// The rule of `zimage batch`: a file of the journal's, or of a run that was stopped before it could say so, is
// replaced.
io::Overwrite overwrite_of(const fs::path& dir, const Job& job, const Record* record) {
  std::error_code ignored;
  const fs::path file = dir / job.file;
  if (fs::symlink_status(file, ignored).type() == fs::file_type::not_found) return io::Overwrite::no;
  return record != nullptr || is_picture_of(file, job) ? io::Overwrite::yes : io::Overwrite::no;
}

void run(const fs::path& dir, std::uint64_t images) {
  Journal journal = journal_in(dir);
  Writer writer(journal, dir, {});
  for (std::uint64_t i = 0; i < images; ++i) {
    const Job job = job_of(i);
    journal.records().check_same(job, "torture", journal.path());
    const Record* const record = journal.records().find(i);
    if (record != nullptr && is_complete(dir / job.file, *record)) continue;
    writer.push(picture_of(job, overwrite_of(dir, job, record)));
  }
  journal.records().check_end(images, journal.path());
  writer.finish();
}

int report(int code, const char* line) {
  std::fprintf(stderr, "error: %s\n", line);
  return code;
}

}  // namespace
}  // namespace zimage::batch

int main(int argc, char** argv) {
  using zimage::batch::report;
  std::uint64_t images = 0;
  const std::string_view count = argc < 3 ? "" : argv[2];
  if (std::from_chars(count.data(), count.data() + count.size(), images).ec != std::errc()) {
    return report(2, "usage: zimage_torture DIR IMAGES [wait]");
  }
  ::signal(SIGXFSZ, SIG_IGN);  // as the executable does: a file-size limit is a failed write
  if (argc > 3) {
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);  // also by a process that did not start it
    ::raise(SIGSTOP);
  }
  try {
    zimage::batch::run(argv[1], images);
    return 0;
  } catch (const zimage::Error& error) {
    return report(static_cast<int>(error.kind()), error.what());
  } catch (const std::exception& error) {
    return report(1, error.what());
  }
}
