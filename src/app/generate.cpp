// zimage generate: prompt to PNG.
#include "app/command.h"
#include "app/generate_arguments.h"
#include "app/generate_job.h"
#include "app/generation.h"
#include "app/model_folder.h"
#include "app/preview.h"
#include "app/progress_bar.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"

#include <memory>

namespace zimage::app {
namespace {

void say_model(const ModelFolder& model) {
  const std::string dir = model_place(model);
  if (model.origin == "built-in") {
    log::info("using the built-in model " + dir + " (--model DIR or $ZIMAGE_MODEL takes another)");
  } else {
    log::debug("model " + dir + " (" + model.origin + ")");
  }
}

void report_profile(const RunProfile& run, const GenerateJob& job) {
  for (const std::string& line : profile_table(run)) log::info(line);
  write_profile(run, job.profile_files, job.overwrite);
}

void run_generate(const GenerateArguments& arguments) {
  watch_signals();
  const std::optional<Recreation> recreation = recreation_of(arguments);
  const config::Options options = merge(arguments, recreation).options();
  log::milestone("libraries loaded, arguments read");
  GenerateJob job = make_generate_job(options);
  job.recreation = recreation;
  for (const std::string& warning : job.warnings) log::warning(warning);
  for (const std::string& prompt : job.prompts) log::debug("prompt: " + printable(prompt));
  const ModelFolder model = find_model({options.model, options.pipeline.components});
  say_model(model);
  const Preview preview(options.show, options.log.format);
  Generation generation(job, model, progress_visibility(options.log), preview);
  generation.run();
  if (job.measured) report_profile(generation.profile(), job);
}

}  // namespace

Command generate_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("generate", "Draw a picture that a prompt describes");
  command->footer(
      "Example:\n  zimage generate --prompt \"a red circle on a white background\" --seed 7 --out circle.png\n");
  const auto arguments = std::make_shared<GenerateArguments>();
  add_generate_options(*command, *arguments, [](std::string_view) { return true; });
  return {command, [arguments] { run_generate(*arguments); }};
}

}  // namespace zimage::app
