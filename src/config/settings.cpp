#include "config/settings.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace zimage::config {
namespace {

using Value = const OptionValue&;

constexpr IntegerRange kSteps{2, 1000};
constexpr IntegerRange kCount{1, 100'000};
constexpr IntegerRange kThreads{1, 1024};
constexpr IntegerRange kRepeat{1, 100'000};
constexpr IntegerRange kWarmup{0, 1000};
constexpr IntegerRange kHeads{1, 1024};
constexpr IntegerRange kClearInterval{0, 1'000'000};
constexpr IntegerRange kBatch{1, 64};
constexpr IntegerRange kQuality{1, 100};

int integer(Value v, const IntegerRange& range) { return static_cast<int>(parse_integer(v, range)); }

bool boolean(Value v) { return parse_choice(v, {"true", "false"}) == "true"; }

std::string prompt(Value v) {
  check_prompt_text(v.option, v.text, v.breach);
  return std::string(v.text);
}

std::optional<bool> on_or_off(Value v) {
  const std::string word = parse_choice(v, {"auto", "on", "off"});
  return word == "auto" ? std::nullopt : std::optional(word == "on");
}

std::optional<int> heads_per_slice(Value v) {
  if (v.text == "auto") return std::nullopt;
  if (v.text == "off") return 0;
  return static_cast<int>(parse_integer(v, kHeads, "must be auto, off or heads per slice: "));
}

std::optional<VaeTiling> vae_tiling(Value v) {
  const std::string word = parse_choice(v, {"auto", "off", "strips", "tiles"});
  if (word == "auto") return std::nullopt;
  return word == "off" ? VaeTiling::whole : word == "strips" ? VaeTiling::strips : VaeTiling::tiles;
}

std::optional<CpuOffload> cpu_offload(Value v) {
  const std::string word = parse_choice(v, {"auto", "none", "component", "sequential"});
  if (word == "auto") return std::nullopt;
  return word == "none" ? CpuOffload::none : word == "component" ? CpuOffload::component : CpuOffload::sequential;
}

std::string preview(Value v) { return v.text.empty() ? "auto" : parse_choice(v, {"auto", "kitty", "sixel", "blocks"}); }

NoiseSource noise_source(Value v) {
  return parse_choice(v, {"cpu", "cuda"}) == "cuda" ? NoiseSource::cuda : NoiseSource::cpu;
}

constexpr Setting kSettings[] = {
    {"model", "--model", "DIR", Notation::text,
     "Folder of a checkpoint in the diffusers layout, or the name of a repository in the Hugging Face cache", "",
     "$ZIMAGE_MODEL, else the built-in model", [](Value v, Options& o) { o.model = v.text; }},
    {"transformer", "--transformer", "FILE", Notation::text,
     "The transformer instead of the model's: a single safetensors file in the published names or in ComfyUI's, such "
     "as z_image_turbo_bf16.safetensors, or a folder",
     "", "the model's", [](Value v, Options& o) { o.pipeline.components.transformer = parse_path(v); }},
    {"text_encoder", "--text-encoder", "FILE", Notation::text,
     "The same for the text encoder, such as qwen_3_4b.safetensors", "", "the model's",
     [](Value v, Options& o) { o.pipeline.components.text_encoder = parse_path(v); }},
    {"vae", "--vae", "FILE", Notation::text, "The same for the VAE, such as ae.safetensors", "", "the model's",
     [](Value v, Options& o) { o.pipeline.components.vae = parse_path(v); }},
    {"tokenizer", "--tokenizer", "DIR", Notation::text, "Folder of the tokenizer", "",
     "the model's, else beside the files",
     [](Value v, Options& o) { o.pipeline.components.tokenizer = parse_path(v); }},
    {"device", "--device", "auto|cpu|cuda|cuda:N", Notation::word,
     "Where to compute; auto: the first GPU, else the CPU", "auto", "",
     [](Value v, Options& o) { o.pipeline.device = parse_device(v); }},
    {"dtype", "--dtype", "auto|fp16|bf16|fp32", Notation::word,
     "Type of the weights; auto: fp16 on CUDA; on the CPU fp32 if it fits, else the stored type", "auto", "",
     [](Value v, Options& o) {
       o.pipeline.dtype = parse_choice(v, {"auto", "fp16", "bf16", "fp32"});
     }},
    {"threads", "--threads", "N", Notation::number, "CPU threads, 1 to 1024", "", "one per core",
     [](Value v, Options& o) { o.pipeline.threads = integer(v, kThreads); }},
    {"attention.backend", "--attention", "auto|cudnn|flash|efficient|math", Notation::word,
     "What computes the attention of the text encoder and the transformer. "
     "Another one rounds differently, so the pixels differ a little. auto: the fastest for the GPU, the type and the "
     "length",
     "auto", "",
     [](Value v, Options& o) {
       o.pipeline.attention = parse_choice(v, {"auto", "cudnn", "flash", "efficient", "math"});
     }},

    {"memory.budget", "--vram-budget", "SIZE", Notation::word,
     "Device memory that the process may take, its CUDA context included, such as 12GiB or 800MiB. auto: what is free, "
     "less a headroom",
     "auto", "", [](Value v, Options& o) { o.memory.budget_bytes = parse_budget(v); }},
    {"memory.host_budget", "--host-budget", "SIZE", Notation::word,
     "Host memory for weights that are not on the device. auto: what is available, less a headroom", "auto", "",
     [](Value v, Options& o) { o.memory.host_budget_bytes = parse_budget(v); }},
    {"memory.cpu_offload", "--cpu-offload", "auto|none|component|sequential", Notation::word,
     "Whether weights leave the device: none, component (a stage's when it ends) or sequential (layers stream from "
     "host "
     "memory)",
     "auto", "", [](Value v, Options& o) { o.memory.cpu_offload = cpu_offload(v); }},
    {"memory.attention_slicing", "--attention-slicing", "auto|off|N", Notation::word,
     "How many heads' attention is computed at a time", "auto", "",
     [](Value v, Options& o) { o.memory.heads_per_slice = heads_per_slice(v); }},
    {"memory.activation_recompute", "--activation-recompute", "auto|on|off", Notation::word,
     "Blocks work on a part of the image's tokens at a time, and compute their input again for each", "auto", "",
     [](Value v, Options& o) { o.memory.activation_recompute = on_or_off(v); }},
    {"memory.vae_tiling", "--vae-tiling", "auto|off|strips|tiles", Notation::word,
     "Decode by strips (the same image) or by tiles (an approximation)", "auto", "",
     [](Value v, Options& o) { o.memory.vae_tiling = vae_tiling(v); }},
    {"memory.allow_approximate", "--allow-approximate", "", Notation::boolean,
     "Let auto choose levers that change the image (VAE tiles)", "false", "",
     [](Value v, Options& o) { o.memory.allow_approximate = boolean(v); }},
    {"memory.on_oom", "--strict-plan", "", Notation::word,
     "Fail when memory runs out (on_oom: fail), instead of trying again with a plan that needs less (next_plan)",
     "next_plan", "",
     [](Value v, Options& o) {
       o.memory.strict_plan = parse_choice(v, {"next_plan", "fail"}) == "fail";
     },
     "fail"},
    {"memory.oom_retry_delay", "--oom-retry-delay", "SECONDS", Notation::number,
     "Wait before an image that ran out of memory is tried again, 0 to 3600", "2", "",
     [](Value v, Options& o) { o.memory.oom_retry_delay_seconds = parse_seconds(v); }},
    {"memory.cache_clear_interval", "--cache-clear-interval", "N", Notation::number,
     "Give unused device memory back after every N images; 0: never", "0", "",
     [](Value v, Options& o) { o.memory.cache_clear_interval = integer(v, kClearInterval); }},

    {"batch.max_size", "--batch-max-size", "N", Notation::number,
     "Images drawn together at most, 1 to 64; generate draws one after the other", "1", "",
     [](Value v, Options& o) { o.max_batch = integer(v, kBatch); }},

    {"prompt.text", "--prompt", "TEXT", Notation::text,
     "What to draw; - reads it from standard input, @FILE from a file, @@TEXT is @TEXT. Given several times: an image "
     "each",
     "", "", [](Value v, Options& o) { o.prompts.push_back(prompt(v)); }, "true", true},
    {"prompt.file", "--prompt-file", "FILE", Notation::text, "The prompt as a UTF-8 text file, instead of --prompt", "",
     "", [](Value v, Options& o) { o.prompt_file = v.text; }},
    {"prompt.negative", "--negative-prompt", "TEXT", Notation::text, "What to avoid; needs --guidance-scale above 0",
     "", "", [](Value v, Options& o) { o.request.negative_prompt = prompt(v); }},
    {"prompt.literal", "--literal-prompt", "", Notation::boolean,
     "Take special tokens such as <|im_end|> as plain text", "false", "",
     [](Value v, Options& o) { o.request.literal_prompt = boolean(v); }},

    {"image.width", "--width", "PIXELS", Notation::number, "Pixels, a multiple of 16 from 16 to 8192", "",
     "1024; the built-in model: its own", [](Value v, Options& o) { o.request.width = parse_pixels(v); }},
    {"image.height", "--height", "PIXELS", Notation::number, "Pixels, a multiple of 16 from 16 to 8192", "",
     "1024; the built-in model: its own", [](Value v, Options& o) { o.request.height = parse_pixels(v); }},
    {"image.size", "--size", "WxH|square|landscape|portrait", Notation::word,
     "WIDTHxHEIGHT, such as 1024x768; or square, landscape (3:2) or portrait (2:3) of about 1024x1024 pixels", "",
     "--width and --height",
     [](Value v, Options& o) {
       const ImageSides sides = parse_image_size(v);
       o.request.width = sides.width;
       o.request.height = sides.height;
     }},
    {"image.aspect", "--aspect", "WIDTH:HEIGHT", Notation::word,
     "Shape of the image, such as 16:9, its sides rounded to multiples of 16", "", "--width and --height",
     [](Value v, Options& o) { o.aspect = parse_aspect(v); }},
    {"image.megapixels", "--megapixels", "F", Notation::number,
     "Area of the image for --aspect (else of a square), in 1024x1024 pixels", "", "1 with --aspect",
     [](Value v, Options& o) { o.megapixels = parse_megapixels(v); }},
    {"image.count", "--count", "N", Notation::number, "Images, with the seeds N, N + 1, ...", "", "1",
     [](Value v, Options& o) { o.count = integer(v, kCount); }},

    {"sampling.steps", "--steps", "N", Notation::number,
     "Points of the noise schedule, 2 to 1000; the last needs no evaluation of the transformer, so that 9 steps are 8 "
     "evaluations",
     "9", "", [](Value v, Options& o) { o.request.steps = integer(v, kSteps); }},
    {"sampling.guidance_scale", "--guidance-scale", "S", Notation::number,
     "Classifier-free guidance; 0: off. Above 0 every step costs two evaluations", "0", "",
     [](Value v, Options& o) { o.request.guidance_scale = parse_not_negative(v); }},
    {"sampling.cfg_normalization", "--cfg-normalization", "F", Notation::number,
     "Largest norm of the guided prediction over the unguided one; 0: no limit", "0", "",
     [](Value v, Options& o) { o.request.cfg_normalization = parse_not_negative(v); }},
    {"sampling.cfg_truncation", "--cfg-truncation", "T", Notation::number,
     "No guidance at times (0 noise to 1 image) above this", "1", "",
     [](Value v, Options& o) { o.request.cfg_truncation = parse_not_negative(v); }},
    {"sampling.seed", "--seed", "N", Notation::number, "Of the noise, 0 to 2^64 - 1", "", "drawn, and printed",
     [](Value v, Options& o) { o.seed = parse_seed(v); }},
    {"sampling.rng", "--rng", "cpu|cuda", Notation::word,
     "Where the noise is drawn; on the CPU it is the same on every machine", "cpu", "",
     [](Value v, Options& o) { o.request.noise_source = noise_source(v); }},
    {"sampling.latents", "--latents", "FILE", Notation::text,
     "Start from this noise instead of a seed's (safetensors, float32, key \"latents\", [channels, height / 8, width / "
     "8])",
     "", "", [](Value v, Options& o) { o.latents = v.text; }},

    {"output.out", "--out", "FILE", Notation::text,
     "Picture to write, .png, .jpg or .jpeg; {seed}, {index} are filled in. -: a PNG to standard output", "result.png",
     "", [](Value v, Options& o) { o.out = v.text; }},
    {"output.force", "--force", "", Notation::boolean, "Replace files that exist", "false", "",
     [](Value v, Options& o) { o.force = boolean(v); }},
    {"output.metadata", "--no-metadata", "", Notation::boolean,
     "Leave out of the pictures how they were made (metadata: false)", "true", "",
     [](Value v, Options& o) { o.metadata = boolean(v); }, "false"},
    {"output.quality", "--quality", "N", Notation::number, "Of a JPEG, 1 to 100; above 90 colours keep their detail",
     "95", "", [](Value v, Options& o) { o.quality = integer(v, kQuality); }},
    {"output.save_latents", "--save-latents", "FILE", Notation::text,
     "Also write the final latents (safetensors, float32, key \"latents\"); {seed} and {index} as in --out", "", "",
     [](Value v, Options& o) { o.save_latents = v.text; }},
    {"output.save_steps", "--save-steps", "DIR", Notation::text,
     "Also write what each step estimates the image to be, as DIR/step-01.png and so on; {seed} and {index} as in "
     "--out",
     "", "", [](Value v, Options& o) { o.save_steps = v.text; }},
    {"output.show", "--show", "[=auto|kitty|sixel|blocks]", Notation::word,
     "Show each picture on the terminal, by its graphics or by blocks (characters in 24-bit colours); auto: what it "
     "can",
     "", "auto, where it is given alone", [](Value v, Options& o) { o.show = preview(v); }},
    {"output.profile", "--profile", "[=FILE]", Notation::text,
     "Say what each stage took (seconds by CUDA events, peaks of memory, both as planned too), and write it to FILE as "
     "JSON",
     "", "", [](Value v, Options& o) { o.profile = v.text; }},
    {"output.profile_csv", "--profile-csv", "FILE", Notation::text,
     "Write what memory was in use every 10 ms as CSV: seconds, stage, MiB", "", "",
     [](Value v, Options& o) { o.profile_csv = v.text; }},
    {"output.profile_plot", "--profile-plot", "FILE", Notation::text,
     "Draw the same as an SVG picture, with stages, budget and predicted peaks", "", "",
     [](Value v, Options& o) { o.profile_plot = v.text; }},

    {"timing.repeat", "--repeat", "N", Notation::number,
     "Draw N images for timing, after those of --warmup, each with another seed and another prompt (\", variation I\" "
     "is added). Only the first, with prompt and seed as given, is written",
     "", "", [](Value v, Options& o) { o.repeat = integer(v, kRepeat); }},
    {"timing.warmup", "--warmup", "N", Notation::number, "Images before those that --repeat times", "", "2",
     [](Value v, Options& o) { o.warmup = integer(v, kWarmup); }},

    {"log.verbose", "--verbose", "", Notation::boolean, "Say more", "false", "",
     [](Value v, Options& o) { o.log.verbose = boolean(v); }},
    {"log.quiet", "--quiet", "", Notation::boolean, "Warnings and errors only", "false", "",
     [](Value v, Options& o) { o.log.quiet = boolean(v); }},
    {"log.format", "--log-format", "text|json", Notation::word,
     "How messages on standard error are written; json: one event a line (docs/logging.md)", "text", "",
     [](Value v, Options& o) {
       o.log.format = parse_choice(v, {"text", "json"});
     }},
    {"log.file", "--log-file", "FILE", Notation::text, "Append the messages to this file too, in the same format", "",
     "", [](Value v, Options& o) { o.log.file = v.text; }},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kRivals{{{"--prompt", "--prompt-file"},
                                                                                 {"--size", "--width"},
                                                                                 {"--size", "--height"},
                                                                                 {"--size", "--aspect"},
                                                                                 {"--size", "--megapixels"},
                                                                                 {"--aspect", "--width"},
                                                                                 {"--aspect", "--height"},
                                                                                 {"--megapixels", "--width"},
                                                                                 {"--megapixels", "--height"},
                                                                                 {"--seed", "--latents"},
                                                                                 {"--count", "--latents"},
                                                                                 {"--count", "--repeat"},
                                                                                 {"--latents", "--repeat"},
                                                                                 {"--verbose", "--quiet"}}};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting& setting(std::string_view key) {
  const auto found =
      std::find_if(std::begin(kSettings), std::end(kSettings), [&](const Setting& s) { return s.key == key; });
  if (found == std::end(kSettings)) throw std::logic_error("no setting " + std::string(key));
  return *found;
}

bool are_rivals(std::string_view flag, std::string_view other) {
  return std::any_of(kRivals.begin(), kRivals.end(), [&](const auto& pair) {
    return pair == std::pair(flag, other) || pair == std::pair(other, flag);
  });
}

}  // namespace zimage::config
