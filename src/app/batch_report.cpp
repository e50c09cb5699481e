#include "app/batch_report.h"

#include "zimage/error.h"

#include "app/batch_job.h"
#include "app/command.h"
#include "app/output.h"
#include "app/output_paths.h"
#include "batch/contact_sheet.h"
#include "batch/report.h"
#include "io/file.h"

#include <span>

namespace zimage::app {

void report_batch(const BatchArguments& arguments, const config::Options& options) {
  if (arguments.prompts) throw Error(ErrorKind::usage, "--merge-report: not together with --prompts");
  if (arguments.shard) throw Error(ErrorKind::usage, "--merge-report: not together with --shard, it is of all shards");
  const auto dir = out_dir_of(arguments);
  const io::Overwrite overwrite = options.force ? io::Overwrite::yes : io::Overwrite::no;
  const auto sheet = contact_sheet_of(arguments, overwrite);
  const std::string& file = *arguments.merge_report;
  if (!file.empty()) check_writable("--merge-report", file, overwrite);
  const batch::Report report = batch::read_report(dir);
  print(batch::report_text(report));
  if (!file.empty()) {
    const std::string json = batch::report_json(report);
    io::write_atomically(file, std::as_bytes(std::span(json)), overwrite);
  }
  if (sheet) batch::write_contact_sheet(*sheet, dir, report.entries, overwrite);
  if (!report.is_whole()) throw PartialBatch{"the batch is not complete"};
}

}  // namespace zimage::app
