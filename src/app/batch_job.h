// What `zimage batch` will do, checked as far as it can be without reading the list of prompts.
#pragma once

#include "zimage/pipeline.h"

#include "app/batch_arguments.h"
#include "app/model_folder.h"
#include "app/profile_files.h"
#include "batch/journal.h"
#include "config/options.h"
#include "io/file.h"

#include <filesystem>
#include <optional>
#include <string>

namespace zimage::app {

struct BatchJob {
  std::string prompts;  // a file, or "-"
  batch::Format format = batch::Format::text;
  batch::JobRules rules;
  std::filesystem::path out_dir;
  batch::JournalHeader header;                     // of a new journal
  std::optional<batch::Journal> journal;           // of this run, once it has begun
  bool is_resumed = false;                         // it was there before
  std::filesystem::file_time_type resumed_from{};  // when its last line was written
  PipelineOptions pipeline;                        // all but the images planned for
  ModelFolder model;
  io::Overwrite overwrite = io::Overwrite::no;
  int max_batch = 1;  // images in one evaluation of the transformer
  bool fail_fast = false;
  bool seed_drawn = false;  // nobody gave one
  bool metadata = true;     // in the pictures
  std::optional<std::filesystem::path> contact_sheet;
  ProfileFiles profile_files;
  bool measured = false;

  bool is_pipe() const { return prompts == "-"; }
};

// Throws Error(usage), Error(io), Error(device) and Error(model).
BatchJob make_batch_job(const BatchArguments& arguments, const config::Options& options);

// Throws Error(usage) where there is no --out-dir.
std::filesystem::path out_dir_of(const BatchArguments& arguments);

// --contact-sheet, if it is a name that can be written. Throws Error(usage), Error(io).
std::optional<std::filesystem::path> contact_sheet_of(const BatchArguments& arguments, io::Overwrite overwrite);

}  // namespace zimage::app
