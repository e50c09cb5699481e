#include "app/generation.h"

#include "zimage/error.h"

#include "app/format.h"
#include "app/image_event.h"
#include "app/latents_file.h"
#include "app/output.h"
#include "app/run_description.h"
#include "app/run_record.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "io/jpeg.h"
#include "runtime/host_memory.h"

#include <algorithm>
#include <chrono>
#include <span>

namespace zimage::app {
namespace {

bool is_constant(const Image& image) {
  const std::span<const std::uint8_t> rgb(image.rgb);
  return std::equal(rgb.begin() + 3, rgb.end(), rgb.begin());  // each pixel equals the one before
}

std::string summary(const OutputPaths& paths, const GenerationRecord& record, const Profile& profile) {
  const double encode = profile.encode.seconds, denoise = profile.denoise.seconds, decode = profile.decode.seconds;
  const std::string noise =
      record.request.initial_noise ? "noise from a file" : "seed " + std::to_string(record.request.seed);
  const std::string name = paths.is_to_standard_output() ? "standard output" : paths.image.string();
  return name + ": " + std::to_string(record.width) + "x" + std::to_string(record.height) + ", " + noise + ", " +
         std::to_string(record.request.steps - 1) + " evaluations in " + record.run.dtype + " on " + record.run.device +
         ", " + format_seconds(encode + denoise + decode) + " (encode " + format_seconds(encode) + ", denoise " +
         format_seconds(denoise) + ", decode " + format_seconds(decode) + ")";
}

std::string encoded(const Image& image, PictureFormat format, const io::PictureText& text, int quality) {
  return format == PictureFormat::png ? io::png_bytes(image, text)
                                      : io::jpeg_bytes(image, {.quality = quality, .comment = text.json});
}

void write_whole(const std::filesystem::path& path, const std::string& bytes, io::Overwrite overwrite) {
  io::write_atomically(path, std::as_bytes(std::span(bytes)), overwrite);
}

// What each step estimated the image to be.
void write_steps(const std::filesystem::path& dir, const std::vector<Image>& images, io::Overwrite overwrite) {
  std::error_code error;
  std::filesystem::create_directory(dir, error);
  if (error) throw Error(ErrorKind::io, "--save-steps " + printable(dir.native()) + ": " + error.message());
  const int count = static_cast<int>(images.size());
  for (int i = 1; i <= count; ++i) {
    const Image& image = images[static_cast<std::size_t>(i - 1)];
    if (!image.rgb.empty()) write_whole(dir / step_name(i, count), io::png_bytes(image, {}), overwrite);
  }
}

void write_files(const OutputPaths& paths, const Result& result, const std::string& picture, io::Overwrite overwrite) {
  const SignalsDeferred deferred;
  if (paths.steps) write_steps(*paths.steps, result.step_images, overwrite);
  if (paths.latents) write_latents(*paths.latents, result.latents, overwrite);
  if (!paths.is_to_standard_output()) write_whole(paths.image, picture, overwrite);
}

PipelineOptions options_of(const GenerateJob& job, const ModelFolder& model) {
  PipelineOptions options = job.pipeline;
  options.model_dir = model.dir;
  return options;
}

// The first is the request itself; each other has its own prompt and seed, so that nothing can be kept from the last.
Request variation(const Request& request, int index) {
  Request varied = request;
  varied.seed += static_cast<std::uint64_t>(index);
  if (index > 0) varied.prompt += ", variation " + std::to_string(index);
  return varied;
}

}  // namespace

void Warnings::say(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    if (said_.insert(warning).second) log::warning(warning);
  }
}

Generation::Generation(const GenerateJob& job, const ModelFolder& model, ProgressBar::Visibility visibility,
                       const Preview& preview)
    : job_(job), bar_(visibility), preview_(preview), pipeline_(options_of(job, model)), model_(model_name(model)) {
  log::milestone("opened " + model_ + " in " + pipeline_.dtype() + " on " + pipeline_.device() + ", attention " +
                 pipeline_.attention());
  if (job.measured) {
    profile_.load = pipeline_.load(on_progress());
    bar_.clear();
  }
  if (job.seed_drawn) log::info("seed " + std::to_string(job.request.seed) + " (drawn; --seed takes it again)");
  warnings_.say(pipeline_.warnings());
  if (job.recreation) {
    warnings_.say(job.recreation->warnings());
    warnings_.say(job.recreation->differences(run_record()));
  }
}

// What each step's estimate costs, before anything is drawn.
void Generation::say_cost_of_steps() const {
  const Prediction decode = pipeline_.plan(job_.request).decode.predicted;
  const int evaluations = job_.request.steps - 1;
  const int more = evaluations - 1;  // the last one is the image itself
  std::string line = "--save-steps: " + std::to_string(more) + " more decodes an image";
  if (decode.seconds > 0) line += ", " + format_seconds(more * decode.seconds / evaluations) + " by the plan";
  line += "; one by one after the last step, in the memory of the image's own decode";
  if (decode.peak_bytes > 0) line += " (" + format_bytes(decode.peak_bytes) + " at most)";
  log::info(line);
}

const RunRecord& Generation::run_record() {
  if (!run_) run_ = record_run(pipeline_, model_, job_.pipeline.attention);
  return *run_;
}

void Generation::run() {
  if (job_.request.step_images) say_cost_of_steps();
  if (job_.repetition) {
    repeat(*job_.repetition);
  } else {
    Request request = job_.request;
    for (std::size_t i = 0; i < job_.outputs.size(); ++i, ++request.seed) {
      request.prompt = job_.prompts[i / static_cast<std::size_t>(job_.count)];
      write(request, draw(request, profile_.images), job_.outputs[i]);
    }
  }
}

void Generation::repeat(const Repetition& repetition) {
  for (int i = 0; i < repetition.warmup + repetition.timed; ++i) {
    const Request request = variation(job_.request, i);
    const Result result = draw(request, i < repetition.warmup ? profile_.warmup : profile_.images);
    if (i == 0) write(request, result, job_.outputs.front());
  }
}

RunProfile Generation::profile() const {
  RunProfile run = profile_;
  run.description = describe_run(pipeline_.device());
  run.description.model = model_;
  run.description.dtype = pipeline_.dtype();
  run.description.attention = pipeline_.attention();
  run.description.width = job_.request.width == 0 ? pipeline_.default_width() : job_.request.width;
  run.description.height = job_.request.height == 0 ? pipeline_.default_height() : job_.request.height;
  run.description.evaluations = job_.request.steps - 1;
  run.description.guidance_scale = job_.request.guidance_scale;
  run.samples = pipeline_.memory_samples();
  run.host_bytes = peak_resident_bytes();
  return run;
}

ProgressCallback Generation::on_progress() {
  return [this](const Progress& progress) {
    bar_.update(progress);
    return received_signal() == 0;
  };
}

Result Generation::draw(const Request& request, std::vector<TimedImage>& images) {
  stop_if_signalled();
  const auto start = std::chrono::steady_clock::now();
  const Result result = pipeline_.generate(request, on_progress());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  bar_.end();
  stop_if_signalled();
  warnings_.say(result.warnings);
  if (is_constant(result.image)) warnings_.say({"the image is one colour all over"});
  images.push_back({request.seed, result.prompt_tokens, taken.count(), result.profile});
  return result;
}

void Generation::write(const Request& request, const Result& result, const OutputPaths& paths) {
  const GenerationRecord record = record_image(run_record(), request, result);
  const io::PictureText text = job_.metadata ? picture_text(record) : io::PictureText{};
  const std::string picture = encoded(result.image, picture_format("--out", paths.image), text, job_.quality);
  write_files(paths, result, picture, job_.overwrite);
  print(paths.is_to_standard_output() ? picture : paths.image.string() + "\n");
  if (job_.recreation) warnings_.say(job_.recreation->differences(record));
  log::write(log::Level::info,
             image_event({paths.image, request.seed, result.profile}, summary(paths, record, result.profile)));
  preview_.show(result.image);
}

}  // namespace zimage::app
