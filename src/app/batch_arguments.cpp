#include "app/batch_arguments.h"

#include "batch/file_name.h"

#include <algorithm>
#include <array>

namespace zimage::app {
namespace {

// What makes sense for one picture alone.
constexpr std::array<std::string_view, 10> kNotShared{
    "output.quality", "output.save_steps", "output.show",         "prompt.text",   "prompt.file",
    "output.out",     "sampling.latents",  "output.save_latents", "timing.repeat", "timing.warmup"};

bool is_shared(std::string_view key) {
  return std::find(kNotShared.begin(), kNotShared.end(), key) == kNotShared.end();
}

void add_list_options(CLI::App& command, BatchArguments& a) {
  add_text_option(command, a.prompts,
                  {"--prompts", "FILE",
                   "What to draw: text (a prompt a line, # begins a comment), JSON lines, CSV or YAML; - is standard "
                   "input, drawn as its lines arrive"});
  add_text_option(command, a.format,
                  {"--format", "text|jsonl|csv|yaml", "How --prompts is written", "by the file's name"});
  command.add_flag("--expand", a.expand, "Take {red|blue} in a prompt for both; {{ and }} stand for braces");
}

void add_folder_options(CLI::App& command, BatchArguments& a) {
  add_text_option(command, a.out_dir,
                  {"--out-dir", "DIR", "Folder of the pictures and their journal; made if missing"});
  add_text_option(command, a.name_template,
                  {"--name-template", "NAME", "Of each picture: {index}, {seed}, {line}, {slug}; {index:05} has zeros",
                   std::string(batch::NameTemplate::kDefault)});
  command.add_flag(
      "--resume", a.resume,
      "Go on with what the folder's journal says, as is done wherever there is one; fail if there is none");
  command.add_flag("--fail-fast", a.fail_fast, "End at the first image that fails, instead of drawing the others");
  add_text_option(command, a.contact_sheet,
                  {"--contact-sheet", "FILE", "All pictures on one page: .html with captions, or .png"});
  command.add_flag("--dry-run", a.dry_run, "Read and check everything, say what it will take, write nothing");
}

void add_shard_options(CLI::App& command, BatchArguments& a) {
  add_text_option(command, a.shard,
                  {"--shard", "I/N",
                   "Draw every N-th image from the I-th on, from 0. auto: as RANK and WORLD_SIZE say, else "
                   "SLURM_PROCID and SLURM_NTASKS, on the GPU LOCAL_RANK or SLURM_LOCALID"});
  add_text_option(
      command, a.merge_report,
      {"--merge-report", "[=FILE]",
       "Draw nothing: say what the journals of all shards in the folder hold, and write it to FILE as JSON"})
      ->expected(0, 1);
}

}  // namespace

void add_batch_options(CLI::App& command, BatchArguments& arguments) {
  add_list_options(command, arguments);
  add_folder_options(command, arguments);
  add_shard_options(command, arguments);
  add_options(command, arguments.run, is_shared);
}

}  // namespace zimage::app
