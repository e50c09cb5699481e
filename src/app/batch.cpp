// zimage batch: a list of prompts to a folder of PNGs.
#include "zimage/error.h"

#include "app/batch_arguments.h"
#include "app/batch_dry_run.h"
#include "app/batch_job.h"
#include "app/batch_list.h"
#include "app/batch_report.h"
#include "app/batch_run.h"
#include "app/command.h"
#include "app/output.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "batch/contact_sheet.h"
#include "batch/report.h"
#include "io/temporary_files.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace zimage::app {
namespace {

// No picture takes so long to write.
constexpr std::chrono::minutes kAbandoned{1};

// The folder and the journal: the first that is written.
void begin_journal(BatchJob& job) {
  namespace fs = std::filesystem;
  if (!job.journal) {
    std::error_code error;
    fs::create_directory(job.out_dir, error);
    if (error) throw Error(ErrorKind::io, "--out-dir " + printable(job.out_dir.native()) + ": " + error.message());
    job.journal.emplace(batch::Journal::create(job.out_dir, job.header));
  } else if (!job.journal->header()) {
    job.journal->begin(job.header);
  }
  io::remove_abandoned(job.out_dir, kAbandoned);
}

// What is on the disk: also where images failed, not where the run was interrupted.
void finish(const BatchJob& job, const BatchRun& run) {
  if (job.measured) {
    const RunProfile profile = run.profile();
    for (const std::string& line : profile_table(profile)) log::info(line);
    write_profile(profile, job.profile_files, job.overwrite);
  }
  if (job.contact_sheet) {
    const io::Overwrite overwrite = job.is_resumed ? io::Overwrite::yes : job.overwrite;
    batch::write_contact_sheet(*job.contact_sheet, job.out_dir, batch::read_report(job.out_dir).entries, overwrite);
  }
}

void run_batch(const BatchArguments& arguments) {
  watch_signals();
  const config::Options options = merge(arguments.run).options();
  if (arguments.merge_report) return report_batch(arguments, options);
  BatchJob job = make_batch_job(arguments, options);
  std::optional<ListSurvey> survey;
  if (!job.is_pipe()) survey = survey_list(job);
  if (arguments.dry_run) return print(dry_run_text(job, options, *survey));
  if (job.seed_drawn) log::info("seed " + std::to_string(job.header.seed) + " (drawn; the journal keeps it)");
  begin_journal(job);
  const PlannedImages planned = survey ? planned_images(*survey) : PlannedImages{};
  BatchRun run(job, planned, progress_visibility(options.log));
  const std::optional<PartialBatch> partial = run.run(survey ? std::optional(survey->to_draw_count()) : std::nullopt);
  finish(job, run);
  if (partial) throw *partial;
}

}  // namespace

Command batch_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("batch", "Draw a list of prompts into a folder; goes on where it was stopped");
  command->footer(
      "Example:\n  zimage batch --prompts prompts.txt --out-dir pictures --seed 1\n\n"
      "Exit code 8: some images failed, the others are there. A second run draws what is not complete.\n");
  const auto arguments = std::make_shared<BatchArguments>();
  add_batch_options(*command, *arguments);
  return {command, [arguments] { run_batch(*arguments); }};
}

}  // namespace zimage::app
