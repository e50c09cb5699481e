// zimage generate: prompt to PNG.
#include "app/command.h"
#include "app/format.h"
#include "app/generate_arguments.h"
#include "app/generate_job.h"
#include "app/latents_file.h"
#include "app/metadata.h"
#include "app/model_folder.h"
#include "app/output.h"
#include "app/progress_bar.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "io/png.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <span>

namespace zimage::app {
namespace {

// Says each warning once, however many images share it.
class Warnings {
 public:
  void say(const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) {
      if (said_.insert(warning).second) log::warning(warning);
    }
  }

 private:
  std::set<std::string> said_;
};

bool is_constant(const Image& image) {
  const std::span<const std::uint8_t> rgb(image.rgb);
  return std::equal(rgb.begin() + 3, rgb.end(), rgb.begin());  // each pixel equals the one before
}

std::string summary(const OutputPaths& paths, const GenerationRecord& record, const StageSeconds& seconds) {
  const double total = seconds.encode + seconds.denoise + seconds.decode;
  const std::string noise =
      record.request.initial_noise ? "noise from a file" : "seed " + std::to_string(record.request.seed);
  return paths.image.string() + ": " + std::to_string(record.width) + "x" + std::to_string(record.height) + ", " +
         noise + ", " + std::to_string(record.request.steps - 1) + " evaluations in " + record.dtype + " on " +
         record.device + ", " + format_seconds(total) + " (encode " + format_seconds(seconds.encode) + ", denoise " +
         format_seconds(seconds.denoise) + ", decode " + format_seconds(seconds.decode) + ")";
}

void write_files(const OutputPaths& paths, const Result& result, const GenerationRecord& record,
                 io::Overwrite overwrite) {
  const std::string png = io::png_bytes(result.image, metadata_json(record));
  const SignalsDeferred deferred;
  if (paths.latents) write_latents(*paths.latents, result.latents, overwrite);
  io::write_atomically(paths.image, std::as_bytes(std::span(png)), overwrite);
}

// Makes the job's images one after the other.
class Generation {
 public:
  Generation(const GenerateJob& job, const std::filesystem::path& model_dir, ProgressBar::Visibility visibility)
      : job_(job), bar_(visibility), pipeline_(options(job, model_dir), on_progress()), model_(model_name(model_dir)) {
    bar_.clear();
    const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - started_;
    log::debug("loaded " + model_ + " in " + pipeline_.dtype() + " on " + pipeline_.device() + ", attention " +
               pipeline_.attention() + ", " + format_seconds(loading.count()));
    if (job.seed_drawn) log::info("seed " + std::to_string(job.request.seed) + " (drawn; --seed takes it again)");
    warnings_.say(pipeline_.warnings());
  }

  void run() {
    Request request = job_.request;
    for (const OutputPaths& paths : job_.outputs) {
      stop_if_signalled();
      make(request, paths);
      ++request.seed;
    }
  }

 private:
  static PipelineOptions options(const GenerateJob& job, const std::filesystem::path& model_dir) {
    PipelineOptions options = job.pipeline;
    options.model_dir = model_dir;
    return options;
  }

  ProgressCallback on_progress() {
    return [this](const Progress& progress) {
      bar_.update(progress);
      return received_signal() == 0;
    };
  }

  void make(const Request& request, const OutputPaths& paths) {
    const Result result = pipeline_.generate(request, on_progress());
    bar_.clear();
    stop_if_signalled();
    warnings_.say(result.warnings);
    if (is_constant(result.image)) warnings_.say({"the image is one colour all over"});
    const GenerationRecord record{.request = request,
                                  .width = result.image.width,
                                  .height = result.image.height,
                                  .model = model_,
                                  .device = pipeline_.device(),
                                  .dtype = pipeline_.dtype(),
                                  .attention = pipeline_.attention()};
    write_files(paths, result, record, job_.overwrite);
    print(paths.image.string() + "\n");
    log::info(summary(paths, record, result.seconds));
  }

  const GenerateJob& job_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();  // before the pipeline loads
  Warnings warnings_;
  ProgressBar bar_;
  Pipeline pipeline_;
  std::string model_;
};

void say_model(const ModelFolder& model) {
  const std::string dir = model.dir.string();
  if (model.origin == "built-in") {
    log::info("using the built-in model " + dir + " (--model DIR or $ZIMAGE_MODEL takes another)");
  } else {
    log::debug("model " + dir + " (" + model.origin + ")");
  }
}

void run_generate(const GenerateArguments& arguments) {
  watch_signals();
  apply(arguments.log);
  const GenerateJob job = make_generate_job(arguments);
  Warnings().say(job.warnings);
  log::debug("prompt: " + printable(job.request.prompt));
  const ModelFolder model = find_model(arguments.model);
  say_model(model);
  const bool plain = !arguments.log.quiet && arguments.log.format.value_or("text") == "text";
  Generation(job, model.dir, plain ? progress_visibility() : ProgressBar::Visibility::hidden).run();
}

}  // namespace

Command generate_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("generate", "Draw a picture that a prompt describes");
  command->footer(
      "Example:\n  zimage generate --prompt \"a red circle on a white background\" --seed 7 --out circle.png\n");
  const auto arguments = std::make_shared<GenerateArguments>();
  add_generate_options(*command, *arguments);
  return {command, [arguments] { run_generate(*arguments); }};
}

}  // namespace zimage::app
