#include "app/generate_arguments.h"

namespace zimage::app {
namespace {

void add_prompt_options(CLI::App& command, GenerateArguments& a) {
  add_model_option(command, a.model);
  add_text_option(command, a.prompt, {"--prompt", "TEXT", "What to draw"});
  add_text_option(command, a.prompt_file,
                  {"--prompt-file", "FILE", "The prompt as a UTF-8 text file, instead of --prompt"});
  add_text_option(command, a.negative_prompt,
                  {"--negative-prompt", "TEXT", "What to avoid; needs --guidance-scale above 0"});
  command.add_flag("--literal-prompt", a.literal_prompt, "Take special tokens such as <|im_end|> as plain text");
}

void add_output_options(CLI::App& command, GenerateArguments& a) {
  add_text_option(command, a.out,
                  {"--out", "FILE", "PNG to write; {seed} and {index} (from 0) are filled in", "result.png"});
  command.add_flag("--force", a.force, "Replace files that exist");
  add_text_option(command, a.save_latents,
                  {"--save-latents", "FILE",
                   "Also write the final latents (safetensors, float32, key \"latents\"); {seed} and {index} as in "
                   "--out"});
}

void add_image_options(CLI::App& command, GenerateArguments& a) {
  add_text_option(
      command, a.width,
      {"--width", "PIXELS", "Pixels, a multiple of 16 from 16 to 8192", "1024; the built-in model: its own"});
  add_text_option(
      command, a.height,
      {"--height", "PIXELS", "Pixels, a multiple of 16 from 16 to 8192", "1024; the built-in model: its own"});
  add_text_option(command, a.seed, {"--seed", "N", "Of the noise, 0 to 2^64 - 1", "drawn, and printed"});
  add_text_option(command, a.count, {"--count", "N", "Images, with the seeds N, N + 1, ...", "1"});
  add_text_option(command, a.latents,
                  {"--latents", "FILE",
                   "Start from this noise instead of a seed's (safetensors, float32, key \"latents\", "
                   "[channels, height / 8, width / 8])"});
  add_text_option(command, a.rng,
                  {"--rng", "PLACE", "Where the noise is drawn: cpu (the same on every machine) or cuda", "cpu"});
}

void add_sampling_options(CLI::App& command, GenerateArguments& a) {
  add_text_option(command, a.steps,
                  {"--steps", "N",
                   "Points of the noise schedule, 2 to 1000; the last needs no evaluation of the transformer, so that "
                   "9 steps are 8 evaluations",
                   "9"});
  add_text_option(
      command, a.guidance_scale,
      {"--guidance-scale", "S", "Classifier-free guidance; 0: off. Above 0 every step costs two evaluations", "0"});
  add_text_option(
      command, a.cfg_normalization,
      {"--cfg-normalization", "F", "Largest norm of the guided prediction over the unguided one; 0: no limit", "0"});
  add_text_option(command, a.cfg_truncation,
                  {"--cfg-truncation", "T", "No guidance at times (0 noise to 1 image) above this", "1"});
}

void add_machine_options(CLI::App& command, GenerateArguments& a) {
  add_text_option(command, a.device, {"--device", "DEVICE", "auto, cpu, cuda or cuda:N", "auto"});
  add_text_option(
      command, a.dtype,
      {"--dtype", "TYPE",
       "auto, fp16, bf16 or fp32. auto: fp16 on CUDA; on the CPU fp32 if it fits, else the stored type", "auto"});
  add_text_option(command, a.attention,
                  {"--attention", "BACKEND",
                   "auto, cudnn, flash, efficient or math: what computes the attention of the text encoder and the "
                   "transformer. Another one rounds differently, so the pixels differ a little. auto: the fastest for "
                   "the GPU, the type and the length",
                   "auto"});
  add_text_option(command, a.threads, {"--threads", "N", "CPU threads, 1 to 1024", "one per core"});
}

void add_measuring_options(CLI::App& command, GenerateArguments& a) {
  add_text_option(command, a.repeat,
                  {"--repeat", "N",
                   "Draw N images for timing, after those of --warmup, each with another seed and another prompt (\", "
                   "variation I\" is added). Only the first, with prompt and seed as given, is written"});
  add_text_option(command, a.warmup, {"--warmup", "N", "Images before those that --repeat times", "2"});
  add_text_option(command, a.profile,
                  {"--profile", "[=FILE]",
                   "Say what each stage took (seconds by CUDA events, peaks of memory), and write it to FILE as JSON"});
  command.get_option("--profile")->expected(0, 1);
}

}  // namespace

void add_generate_options(CLI::App& command, GenerateArguments& arguments) {
  add_prompt_options(command, arguments);
  add_output_options(command, arguments);
  add_image_options(command, arguments);
  add_sampling_options(command, arguments);
  add_machine_options(command, arguments);
  add_measuring_options(command, arguments);
  add_log_options(command, arguments.log);
}

}  // namespace zimage::app
