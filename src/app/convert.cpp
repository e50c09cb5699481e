// zimage convert: a model's folder in 16 bit, in the same layout.
#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "app/format.h"
#include "app/model_commands.h"
#include "app/model_folder.h"
#include "app/options.h"
#include "app/output.h"
#include "app/output_paths.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "checkpoint/conversion_run.h"
#include "checkpoint/model_files.h"
#include "config/parse.h"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <system_error>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

struct ConvertArguments {
  std::optional<std::string> model, out, dtype;
  LogArguments log;
};

struct ConvertJob {
  fs::path model, out;
  fs::path partial;  // the new folder until all of it is there
  std::vector<ConvertedFile> weights;
};

bool keep_going() { return received_signal() == 0; }

std::uint64_t file_bytes(const fs::path& path) {
  std::error_code missing;
  const std::uintmax_t bytes = fs::file_size(path, missing);
  return missing ? 0 : bytes;
}

void check_free_disk(const ConvertJob& job) {
  constexpr std::uint64_t kMargin = 64 << 20;  // configurations, the tokenizer, the file system's own
  std::uint64_t needed = kMargin;
  for (const ConvertedFile& file : job.weights) {
    if (file_bytes(job.partial / file.name) != file.bytes) needed += file.bytes;
  }
  const fs::path parent = job.out.parent_path().empty() ? "." : job.out.parent_path();
  std::error_code error;
  const fs::space_info space = fs::space(parent, error);
  if (!error && space.available < needed) {
    throw Error(ErrorKind::io, "--out " + printable(job.out.native()) + ": needs " + format_bytes(needed) + ", " +
                                   format_bytes(space.available) + " are free there");
  }
}

ConvertJob make_job(const ConvertArguments& a, const fs::path& model) {
  if (!a.out) throw Error(ErrorKind::usage, "--out is required");
  ConvertJob job{model, *a.out, {}, {}};
  if (!job.out.has_filename()) job.out = job.out.parent_path();  // "folder/"
  check_writable("--out", job.out, io::Overwrite::no);
  job.partial = job.out;
  job.partial += ".partial";
  return job;
}

// What another conversion left there, and files that a killed process was writing.
void remove_strangers(const ConvertJob& job) {
  std::set<fs::path> wanted;
  for (const ConvertedFile& file : job.weights) wanted.insert(job.partial / file.name);
  for (const fs::path& name : other_files(job.model)) wanted.insert(job.partial / name);
  std::error_code error;
  std::vector<fs::path> strangers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(job.partial, error)) {
    if (!entry.is_directory(error) && !wanted.contains(entry.path())) strangers.push_back(entry.path());
  }
  for (const fs::path& path : strangers) fs::remove(path, error);
}

void make_folders(const ConvertJob& job) {
  for (const char* folder : {"scheduler", "text_encoder", "tokenizer", "transformer", "vae"}) {
    std::error_code error;
    fs::create_directories(job.partial / folder, error);
    if (error) throw Error(ErrorKind::io, printable(job.partial.native()) + ": cannot be made: " + error.message());
  }
}

void convert_weights(const ConvertJob& job) {
  for (const ConvertedFile& file : job.weights) {
    stop_if_signalled();
    if (is_converted(file, job.partial, keep_going)) {
      log::info(file.name.string() + ": is there already");
      continue;
    }
    stop_if_signalled();
    const auto start = std::chrono::steady_clock::now();
    if (!write_converted(file, job.partial, keep_going)) stop_if_signalled();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    log::info(file.name.string() + ": " + format_bytes(file.from->file().size()) + " to " + format_bytes(file.bytes) +
              " in " + format_seconds(taken.count()));
  }
}

void copy_others(const ConvertJob& job) {
  constexpr std::uint64_t kMaxBytes = 256 << 20;
  std::map<fs::path, std::uint64_t> tensor_bytes;  // by folder
  for (const ConvertedFile& file : job.weights) {
    tensor_bytes[file.name.parent_path()] += file.bytes - file.header.size();
  }
  for (const fs::path& name : other_files(job.model)) {
    const bool is_index = name.native().ends_with(".safetensors.index.json");
    const std::string content = is_index ? with_total_size(job.model / name, tensor_bytes[name.parent_path()])
                                         : io::read_whole(job.model / name, kMaxBytes);
    io::write_atomically(job.partial / name, std::as_bytes(std::span(content)), io::Overwrite::yes);
  }
}

void publish(const ConvertJob& job) {
  io::check_writable(job.out, io::Overwrite::no);  // it may have been made meanwhile
  std::error_code error;
  fs::rename(job.partial, job.out, error);
  if (error) throw Error(ErrorKind::io, printable(job.out.native()) + ": cannot rename: " + error.message());
  io::sync_directory(job.out.parent_path().empty() ? "." : job.out.parent_path());
}

void run_convert(const ConvertArguments& arguments) {
  watch_signals();
  apply(arguments.log);
  if (!arguments.dtype) throw Error(ErrorKind::usage, "--dtype is required");
  const std::string dtype = config::parse_choice({"--dtype", *arguments.dtype}, {"fp16", "bf16"});
  ConvertJob job = make_job(arguments, {});
  job.model = find_model({arguments.model, {}}).dir;
  const Checkpoint checkpoint(job.model);
  for (const std::string& warning : checkpoint.warnings()) log::warning(warning);
  job.weights = plan_conversion(checkpoint, *dtype_from_option(dtype));
  check_free_disk(job);
  make_folders(job);
  remove_strangers(job);
  convert_weights(job);
  copy_others(job);
  publish(job);
  print(job.out.string() + "\n");
}

}  // namespace

Command convert_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "convert", "Write a model's folder with its weights in 16 bit; it draws what the original draws in that type");
  command->footer(
      "What has been written is kept in OUT.partial when this is stopped, and the next run goes on there.\n\n"
      "Example:\n  zimage convert --model Z-Image-Turbo --out Z-Image-Turbo-bf16 --dtype bf16\n");
  const auto arguments = std::make_shared<ConvertArguments>();
  add_text_option(*command, arguments->model,
                  {"--model", "DIR", "Folder of a checkpoint in the diffusers layout, or a repository in the cache",
                   "$ZIMAGE_MODEL, else the built-in model"});
  add_text_option(*command, arguments->out, {"--out", "DIR", "Folder to write; there must be none yet"});
  add_text_option(*command, arguments->dtype,
                  {"--dtype", "fp16|bf16", "Type of the matrices; a value that it cannot hold is an error"});
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_convert(*arguments); }};
}

}  // namespace zimage::app
