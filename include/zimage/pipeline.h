// The library's entry: load a checkpoint once, then turn requests into images.
//
//   zimage::Pipeline pipeline({.model_dir = "models/zimage-demo"});
//   zimage::Result result = pipeline.generate({.prompt = "a red circle on a white background", .seed = 7});
#pragma once

#include "zimage/component_paths.h"
#include "zimage/error.h"
#include "zimage/image.h"
#include "zimage/memory.h"
#include "zimage/profile.h"
#include "zimage/request.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zimage {

/// The images that memory is planned for; a larger one makes the pipeline plan, and load, again.
struct PlannedImages {
  int width = 0;        ///< pixels; 0: the model's own default
  int height = 0;       ///< as width
  int steps = 9;        ///< as a request's
  bool guided = false;  ///< with classifier-free guidance
  /// Images that may share the transformer's evaluations, where generate_window is going to be called: the plan then
  /// says how many do. generate draws one at a time under any plan.
  int max_batch = 1;
};

/// What a pipeline is made of, and where it runs.
struct PipelineOptions {
  /// A checkpoint folder in the Hugging Face "diffusers" layout; empty where all components are given.
  std::filesystem::path model_dir;
  ComponentPaths components = {};  ///< instead of the folder's
  std::string device = "auto";     ///< auto | cpu | cuda | cuda:N
  std::string dtype = "auto";      ///< auto | fp16 | bf16 | fp32
  std::string attention = "auto";  ///< auto | cudnn | flash | efficient | math
  int threads = 0;                 ///< CPU threads; 0: one per core
  int memory_interval = 0;         ///< milliseconds between readings of memory; 0: none are taken
  MemoryOptions memory = {};       ///< the budget, and the levers
  PlannedImages images = {};       ///< that memory is planned for
};

/// Called on the caller's thread as work goes on; step counts from 1 to steps. Load counts MiB, and comes between other
/// stages: what needs no more than the weights that are there already does not wait for the rest.
/// Returning false cancels: generate throws Cancelled before the next step.
struct Progress {
  Stage stage;    ///< what goes on
  int step = 0;   ///< from 1
  int steps = 0;  ///< of the stage
  /// Of a window, counted from 1 in the order in which they are drawn: the first of those that the step is for.
  int image = 1;
  int images = 1;  ///< of the window
};
/// true: go on.
using ProgressCallback = std::function<bool(const Progress&)>;

/// Thrown out of generate when a progress callback returned false.
struct Cancelled {};

/// An image, and how it came about.
struct Result {
  Image image;  ///< the picture
  /// Where the request asks for them: after each evaluation, the image that the rest of the way would lead to if it
  /// were straight. The last equals `image`. Empty where pixels were not finite.
  std::vector<Image> step_images = {};
  Latents latents;                    ///< the final latents, before the VAE
  Profile profile;                    ///< what it took
  int prompt_tokens = 0;              ///< as the text encoder saw them
  std::vector<std::string> warnings;  ///< each one line
};

/// What became of a request: one of the two.
struct Outcome {
  std::optional<Result> result;  ///< where it was drawn
  std::optional<Error> error;    ///< usage or numeric
};
/// Called on the caller's thread. index: of the request.
using OutcomeCallback = std::function<void(std::size_t index, Outcome outcome)>;

/// A loaded checkpoint. One thread at a time may call it.
class Pipeline {
 public:
  /// Reads and checks every header and config, and starts a thread that loads the weights.
  /// Throws Error: model (a file breaks its format), io, device, memory (does not fit).
  explicit Pipeline(const PipelineOptions& options);
  ~Pipeline();
  /// What is left behind may only be assigned to, or destroyed.
  Pipeline(Pipeline&&) noexcept;
  /// As above.
  Pipeline& operator=(Pipeline&&) noexcept;

  /// Waits until all weights are there: what generate does by itself for those it needs. Throws as generate does.
  LoadProfile load(const ProgressCallback& progress = {});

  /// One image; waits for the weights it needs. The same request on the same device and binary gives the same pixels.
  /// Throws Error: usage (a field breaks its rule), memory, device, numeric (latents or pixels not finite), and what
  /// stopped the load: io, device, memory.
  Result generate(const Request& request, const ProgressCallback& progress = {});

  /// What such an image will take under the present plan, with the longest prompt: the profile's plan and, of each
  /// stage, what is predicted. Needs no weights. Throws Error(usage).
  Profile plan(const Request& request) const;

  /// The same images as generate's to within rounding, for less where weights move: all prompts are encoded first, each
  /// once, so that one trip of the text encoder's weights serves them all, and images of one size, schedule and
  /// guidance share the transformer's evaluations, as many as the plan says. Each outcome is handed over as soon as its
  /// image is decoded: those that share evaluations one after the other, the others in the order of the requests,
  /// except that requests which break a rule come first. Such a request, and an image that is not finite, do not stop
  /// the rest. Throws what generate throws otherwise, and Cancelled: what has been handed over by then is complete.
  void generate_window(std::span<const Request> requests, const OutcomeCallback& on_image,
                       const ProgressCallback& progress = {});
  /// How many such requests a window should hold: few, so that a crash loses little, yet enough for what they share.
  int window_images(const Request& request) const;

  /// The readings of memory so far; of a GPU counted from before the pipeline was made.
  std::vector<MemorySample> memory_samples() const;

  /// What "auto" became, e.g. "cuda:0", "fp16" and "cudnn".
  const std::string& device() const;
  const std::string& dtype() const;  ///< of the text encoder and the transformer
  /// Of the transformer's joint sequence; short ones and the VAE may take another.
  const std::string& attention() const;
  int default_width() const;   ///< pixels
  int default_height() const;  ///< pixels
  /// 16 hexadecimal digits that stay the same as long as the weights do. Throws Error(io).
  std::string fingerprint() const;
  const std::vector<std::string>& warnings() const;  ///< about the checkpoint, each one line

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Throws Error(usage) naming the first field of the request that breaks its rule.
void check_request(const Request& request);

}  // namespace zimage
