#include "app/batch_job.h"

#include "zimage/error.h"

#include "app/batch_input.h"
#include "app/format.h"
#include "app/generate_job.h"
#include "base/log.h"
#include "base/text.h"
#include "config/parse.h"
#include "runtime/device.h"

#include <algorithm>
#include <random>
#include <system_error>
#include <utility>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

batch::Format format_of(const BatchArguments& a) {
  if (!a.format) return batch::format_of(*a.prompts);
  const std::string word = config::parse_choice({"--format", *a.format}, {"text", "jsonl", "csv", "yaml"});
  return word == "text"    ? batch::Format::text
         : word == "jsonl" ? batch::Format::jsonl
         : word == "csv"   ? batch::Format::csv
                           : batch::Format::yaml;
}

// The folder, or where it can be made.
void check_folder(const fs::path& dir) {
  std::error_code error;
  if (fs::is_directory(dir, error)) {
    check_writable("--out-dir", dir / "x", io::Overwrite::yes);
    return;
  }
  check_writable("--out-dir", dir.has_filename() ? dir : dir.parent_path(), io::Overwrite::no);
}

// The GPU of this process among those of its machine. Where a launcher shows each process one alone, that one.
void take_device(const ShardChoice& shard, config::Options& o) {
  if (!shard.local_rank || (o.pipeline.device != "auto" && o.pipeline.device != "cuda")) return;
  const std::size_t devices = cuda_devices().size();
  if (devices > 1) o.pipeline.device = "cuda:" + std::to_string(*shard.local_rank);
}

// The numbers that every picture of a journal depends on and that no item can say.
std::vector<std::pair<std::string, std::string>> settings_of(const config::Options& o, const std::string& model) {
  const Request& r = o.request;
  std::vector<std::pair<std::string, std::string>> settings{
      {"model", model},
      {"dtype", o.pipeline.dtype},
      {"attention", o.pipeline.attention},
      {"rng", r.noise_source == NoiseSource::cpu ? "cpu" : "cuda"},
      {"literal_prompt", r.literal_prompt ? "true" : "false"},
      {"cfg_normalization", format_fixed(r.cfg_normalization, 9)},
      {"cfg_truncation", format_fixed(r.cfg_truncation, 9)}};
  if (!o.metadata) settings.emplace_back("metadata", "false");
  return settings;
}

// Both were made by settings_of, or the journal is of another version.
void check_same_settings(const batch::JournalHeader& then, const batch::JournalHeader& now, const fs::path& journal) {
  const auto refuse = [&](const std::string& name, const std::string& old, const std::string& value) {
    throw Error(ErrorKind::usage, printable(journal.native()) + ": " + name + " was " + printable(old, 100) +
                                      " and is " + printable(value, 100) +
                                      " now; go on with the same settings, or take another folder");
  };
  const std::pair<std::string, std::string> nothing{"", "not there"};
  for (std::size_t i = 0; i < std::max(now.settings.size(), then.settings.size()); ++i) {
    const auto& is = i < now.settings.size() ? now.settings[i] : nothing;
    const auto& was = i < then.settings.size() ? then.settings[i] : nothing;
    if (is == was) continue;
    const std::string& name = is.first.empty() ? was.first : is.first;
    refuse(name, was.first == name ? was.second : "not there", is.second);
  }
  if (then.seed != now.seed) refuse("--seed", std::to_string(then.seed), std::to_string(now.seed));
  if (then.version != now.version) {
    log::warning(printable(journal.native()) + ": begun by zimage " + printable(then.version, 100) +
                 "; pictures of another version may differ a little");
  }
}

// The seed given, else the journal's, else a new one.
void settle_seed(const config::Options& o, BatchJob& job) {
  const auto* const begun = job.journal && job.journal->header() ? &*job.journal->header() : nullptr;
  job.seed_drawn = !o.seed && begun == nullptr;
  if (!o.seed && !job.header.shard.is_whole()) {
    throw Error(ErrorKind::usage, "--shard: needs --seed, so that all shards have the same");
  }
  job.header.seed = o.seed ? *o.seed : begun != nullptr ? begun->seed : std::random_device()();
  job.rules.defaults.seed = job.header.seed;
  if (begun != nullptr) check_same_settings(*begun, job.header, job.journal->path());
}

void open_journal(const BatchArguments& a, BatchJob& job) {
  std::error_code ignored;
  const fs::path path = batch::Journal::path_in(job.out_dir, job.header.shard);
  job.resumed_from = fs::last_write_time(path, ignored);  // opening it may cut off what is torn
  if (fs::is_directory(job.out_dir, ignored)) job.journal = batch::Journal::open(job.out_dir, job.header.shard);
  job.is_resumed = job.journal.has_value();
  if (a.resume && !job.journal) {
    throw Error(ErrorKind::usage, "--resume: no journal " + printable(path.native()));
  }
}

void check_combinations(const BatchArguments& a) {
  if (!a.prompts) throw Error(ErrorKind::usage, "--prompts is required");
  if (a.dry_run && *a.prompts == "-")
    throw Error(ErrorKind::usage, "--dry-run: not of standard input, which it takes up");
  if (a.shard && *a.prompts == "-")
    throw Error(ErrorKind::usage, "--shard: not of standard input, which only one reads");
  if (a.shard && a.contact_sheet) {
    throw Error(ErrorKind::usage, "--contact-sheet: not together with --shard; --merge-report makes one of all shards");
  }
}

}  // namespace

fs::path out_dir_of(const BatchArguments& arguments) {
  if (!arguments.out_dir) throw Error(ErrorKind::usage, "--out-dir is required");
  return *arguments.out_dir;
}

std::optional<fs::path> contact_sheet_of(const BatchArguments& arguments, io::Overwrite overwrite) {
  if (!arguments.contact_sheet) return std::nullopt;
  const fs::path path = *arguments.contact_sheet;
  if (path.extension() != ".html" && path.extension() != ".png") {
    throw Error(ErrorKind::usage, "--contact-sheet " + printable(path.native()) + ": must end with .html or .png");
  }
  std::error_code ignored;
  const fs::path dir = (fs::path(*arguments.out_dir) / "x").parent_path();  // without a slash at its end
  const bool is_in_new_folder =
      path.parent_path().lexically_normal() == dir.lexically_normal() && !fs::exists(dir, ignored);
  if (!is_in_new_folder) check_writable("--contact-sheet", path, overwrite);
  return path;
}

BatchJob make_batch_job(const BatchArguments& arguments, const config::Options& given) {
  check_combinations(arguments);
  config::Options o = given;
  BatchJob job;
  job.prompts = *arguments.prompts;
  job.format = format_of(arguments);
  job.out_dir = out_dir_of(arguments);
  if (!arguments.dry_run) check_folder(job.out_dir);
  job.rules.defaults.request = o.request;
  job.rules.defaults.count = static_cast<std::uint64_t>(o.count.value_or(1));
  job.rules.expand = arguments.expand;
  if (arguments.name_template) job.rules.name_template = *arguments.name_template;
  const ShardChoice shard = choose_shard(arguments.shard);
  take_device(shard, o);
  job.header.shard = shard.shard;
  job.header.version = ZIMAGE_VERSION;
  job.model = find_model({o.model, o.pipeline.components});
  job.header.settings = settings_of(o, model_name(job.model));
  open_journal(arguments, job);
  settle_seed(o, job);
  job.pipeline = pipeline_options_of(o);
  job.pipeline.model_dir = job.model.dir;
  job.overwrite = o.force ? io::Overwrite::yes : io::Overwrite::no;
  job.max_batch = o.max_batch;
  job.metadata = o.metadata;
  job.fail_fast = arguments.fail_fast;
  job.contact_sheet = contact_sheet_of(arguments, job.is_resumed ? io::Overwrite::yes : job.overwrite);
  job.profile_files = profile_files(o, {}, job.overwrite);
  job.measured = o.profile || o.profile_csv || o.profile_plot;
  if (job.measured) job.pipeline.memory_interval = kMemoryInterval;
  return job;
}

}  // namespace zimage::app
