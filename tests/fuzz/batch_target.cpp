#include "batch/file_name.h"
#include "batch/item_reader.h"
#include "batch/job_reader.h"
#include "batch/journal_reader.h"
#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "io/json.h"

#include <set>

namespace zimage::fuzz {
namespace {

using batch::Format;
using batch::Item;

std::vector<Item> items_of(Format format, std::string_view text) {
  std::vector<Item> items;
  batch::parse_items(format, text, "f", [&](Item item) { items.push_back(std::move(item)); });
  return items;
}

// As a line of JSONL.
std::string printed(const Item& item) {
  io::Json::Object members{{"prompt", io::Json(item.prompt)}};
  const auto add = [&](const char* name, auto value) { members.emplace_back(name, io::Json(std::move(value))); };
  if (item.negative_prompt) add("negative_prompt", *item.negative_prompt);
  if (item.seed) add("seed", *item.seed);
  if (item.width) add("width", std::int64_t{*item.width});
  if (item.height) add("height", std::int64_t{*item.height});
  if (item.steps) add("steps", std::int64_t{*item.steps});
  if (item.guidance_scale) add("guidance_scale", *item.guidance_scale);
  if (item.count) add("count", std::int64_t{*item.count});
  if (item.out) add("out", *item.out);
  return io::to_string(io::Json(std::move(members))) + "\n";
}

std::string printed(const std::vector<Item>& items) {
  std::string lines;
  for (const Item& item : items) lines += printed(item);
  return lines;
}

// The images that the items ask for, as far as a fuzzer has patience.
void check_jobs(Format format, std::string_view text) {
  constexpr int kMaxJobs = 64;
  accepts({ErrorKind::usage}, [&] {
    batch::JobRules rules;
    rules.expand = true;
    batch::JobReader jobs(rules, batch::ItemReader(format, batch::source_of(text, "f")));
    std::set<std::string> names;
    for (int i = 0; i < kMaxJobs; ++i) {
      const std::optional<batch::Job> job = jobs.next();
      if (!job) break;
      require(job->index == static_cast<std::uint64_t>(i), "an index left out");
      require(is_utf8(job->request.prompt), "a prompt that is not UTF-8");
      require(batch::breach_of_name(job->file).empty(), "a name that some file system refuses: " + job->file);
      require(names.insert(batch::collision_key(job->file)).second, "a name for two images: " + job->file);
    }
  });
}

void check_prompts(Format format, std::string_view text) {
  std::vector<Item> items;
  const bool accepted = accepts({ErrorKind::usage}, [&] { items = items_of(format, text); });
  check_jobs(format, text);
  if (!accepted) return;
  const std::string lines = printed(items);
  require(printed(items_of(Format::jsonl, lines)) == lines, "printed items read back otherwise: " + lines);
}

// What a journal says, as a journal again; its torn end left out.
std::string journal_again(std::string_view text) {
  std::string lines;
  const batch::JournalExtent extent =
      batch::read_journal(batch::source_of(text, "f"), [&](const batch::JournalEntry& entry, std::size_t line) {
        require(line > 1, "an entry in the header's place");
        lines += batch::to_line(entry) + "\n";
      });
  require(extent.whole_bytes <= text.size(), "more whole bytes than there are");
  require(extent.whole_bytes == 0 || text[extent.whole_bytes - 1] == '\n', "a whole line without its end");
  require(extent.header.has_value() || lines.empty(), "entries without a header");
  return extent.header ? batch::to_line(*extent.header) + "\n" + lines : lines;
}

}  // namespace

void journal(std::string_view input) {
  std::string text;
  if (!accepts({ErrorKind::io}, [&] { text = journal_again(input); })) return;
  require(is_utf8(text), "a printed journal that is not UTF-8");
  require(journal_again(text) == text, "a printed journal reads back otherwise: " + text);
}

void prompts_text(std::string_view input) { check_prompts(Format::text, input); }
void prompts_jsonl(std::string_view input) { check_prompts(Format::jsonl, input); }
void prompts_csv(std::string_view input) { check_prompts(Format::csv, input); }
void prompts_yaml(std::string_view input) { check_prompts(Format::yaml, input); }

void name_template(std::string_view input) {
  const std::string_view text = input.substr(0, input.find('\n'));
  const std::string_view prompt = input.substr(std::min(text.size() + 1, input.size()));
  if (!is_utf8(prompt)) return;
  accepts({ErrorKind::usage}, [&] {
    const batch::NameTemplate names(text, "--name-template");
    const std::string name = names.fill({.index = 12, .seed = 18446744073709551615U, .line = 3, .prompt = prompt});
    require(batch::breach_of_name(name).empty(), "a name that some file system refuses: " + name);
  });
  const std::string slug = batch::slug_of(prompt);
  require(!slug.empty() && slug.size() <= batch::kMaxSlugBytes && is_utf8(slug), "a slug that is none: " + slug);
  require(batch::breach_of_name(slug + ".png").empty(), "a slug that some file system refuses: " + slug);
}

}  // namespace zimage::fuzz
