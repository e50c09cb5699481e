// Configuration files through the executable: which one holds, what wins, and the Y cases of the catalogue.
#include "app/expect_outcome.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

Outcome run(const TempDir& dir, const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment = {}) {
  return test::run_zimage({arguments, dir.path(), environment});
}

bool has_line(const std::string& text, const std::string& start, const std::string& end) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, stop - at);
    if (line.starts_with(start) && line.ends_with(end)) return true;
    at = stop + 1;
  }
  return false;
}

TEST(ConfigCommand, shows_every_value_and_where_it_came_from) {
  const TempDir dir;
  dir.write("zimage.yaml", "memory:\n  budget: 8GiB\nimage: {width: 256}\n");
  const Outcome outcome = run(dir, {"config", "--show", "--width=512", "--strict-plan", "--force=false"});
  test::expect_success(outcome);
  EXPECT_TRUE(has_line(outcome.out, "  budget: 8GiB ", "  # zimage.yaml:2")) << outcome.out;
  EXPECT_TRUE(has_line(outcome.out, "  width: 512 ", "  # command line"));
  EXPECT_TRUE(has_line(outcome.out, "  on_oom: fail ", "  # command line"));
  EXPECT_TRUE(has_line(outcome.out, "  force: false ", "  # command line"));
  EXPECT_TRUE(has_line(outcome.out, "  steps: 9 ", "  # default"));
  EXPECT_TRUE(has_line(outcome.out, "  # seed: ", "  # default: drawn, and printed"));
  EXPECT_EQ(outcome.err, "configuration: zimage.yaml\n");

  dir.write("again.yaml", outcome.out);
  const Outcome again = run(dir, {"config", "--show", "--config", "again.yaml"});
  test::expect_success(again);
  EXPECT_TRUE(has_line(again.out, "  width: 512 ", "")) << again.out;
  EXPECT_TRUE(has_line(again.out, "  on_oom: fail ", ""));
}

TEST(ConfigCommand, the_first_file_found_holds) {
  const TempDir dir;
  dir.write("asked.yaml", "threads: 1\n");
  dir.write("zimage.yaml", "threads: 2\n");
  dir.write("xdg/zimage/config.yaml", "threads: 3\n");
  dir.write("home/.config/zimage/config.yaml", "threads: 4\n");
  const std::string xdg = (dir / "xdg").string(), home = (dir / "home").string();
  const auto threads = [&](const std::vector<std::string>& more,
                           const std::map<std::string, std::string>& environment) {
    std::vector<std::string> arguments{"config", "--show"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string out = run(dir, arguments, environment).out;
    const std::size_t at = out.find("threads: ");
    return at == std::string::npos ? "" : out.substr(at + 9, out.find(' ', at + 9) - at - 9);
  };
  EXPECT_EQ(threads({"--config", "asked.yaml"}, {{"XDG_CONFIG_HOME", xdg}}), "1");
  EXPECT_EQ(threads({}, {{"XDG_CONFIG_HOME", xdg}}), "2");
  std::filesystem::remove(dir / "zimage.yaml");
  EXPECT_EQ(threads({}, {{"XDG_CONFIG_HOME", xdg}, {"HOME", home}}), "3");
  EXPECT_EQ(threads({}, {{"HOME", home}}), "4");
  EXPECT_EQ(threads({"--threads", "5"}, {{"HOME", home}}), "5");
  const Outcome none = run(dir, {"config", "--show", "--verbose", "--config="}, {{"HOME", home}});
  EXPECT_NE(none.out.find("# threads:"), std::string::npos) << none.out;
  EXPECT_NE(none.err.find("built-in defaults"), std::string::npos) << none.err;
}

TEST(ConfigCommand, a_file_that_is_asked_for_must_be_there) {
  const TempDir dir;
  test::expect_refused(run(dir, {"config", "--show", "--config", "none.yaml"}), 4, {"none.yaml"});
  test::expect_refused(run(dir, {"config", "--show", "--config", "."}), 3, {"regular file"});
  test::expect_refused(run(dir, {"config"}), 2, {"--show"});
}

TEST(ConfigCommand, generate_goes_by_the_file) {
  const TempDir dir;
  dir.write("zimage.yaml", "model: nowhere\nprompt: {text: a fox}\n");
  test::expect_refused(run(dir, {"generate", "--quiet"}), 3, {"--model nowhere", "no such folder"});
}

struct BadFile {
  std::string name, content;
  std::vector<std::string> words;
};

std::string repeated(const std::string& unit, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += unit;
  return text;
}

const std::vector<BadFile>& bad_files() {
  static const std::vector<BadFile> all{
      {"Y1_alias_bomb", "a: &a [x, x]\nb: &b [*a, *a]\n", {"z.yaml:1:4:", "anchors"}},
      {"Y2_holds_itself", "&a [*a]\n", {"z.yaml:1:1:", "anchors"}},
      {"Y3_nesting", "memory: " + repeated("[", 10'000) + repeated("]", 10'000) + "\n", {"z.yaml:1:", "nested deeper"}},
      {"Y3_nesting_unclosed", repeated("[", 10'000), {"z.yaml:1:"}},
      {"Y4_unknown_key", "memory:\n  cpu_offlaod: none\n", {"z.yaml:2:3: memory.cpu_offlaod", "'cpu_offload'?"}},
      {"Y5_duplicate_key", "image: {width: 64, width: 64}\n", {"z.yaml:1:20: width: duplicate key"}},
      {"Y6_wrong_type", "image: {width: wide}\n", {"z.yaml:1:16: image.width wide: must be a multiple of 16"}},
      {"Y7_no", "output: {force: no}\n", {"z.yaml:1:17: output.force no", "write false"}},
      {"Y7_octal", "image: {width: 0100}\n", {"z.yaml:1:16: image.width 0100", "leading zeros"}},
      {"Y8_tag", "device: !!python/object/apply:os.system [x]\n", {"z.yaml:1:9:", "tags"}},
      {"Y9_two_documents", "threads: 1\n---\nthreads: 2\n", {"z.yaml:2:1:", "second document"}},
      {"Y10_100_mb", "", {"z.yaml", "100000000"}},
      {"Y11_merge_key", "image: {<<: {width: 64}}\n", {"z.yaml:1:9:", "merge keys"}},
  };
  return all;
}

class BadConfig : public testing::TestWithParam<BadFile> {};

TEST_P(BadConfig, is_refused_at_once) {
  const TempDir dir;
  dir.write("z.yaml", GetParam().content);
  if (GetParam().content.empty()) std::filesystem::resize_file(dir / "z.yaml", 100'000'000);
  const Outcome version = run(dir, {"--version"});
  const Outcome refused = run(dir, {"generate", "--prompt", "x", "--config", "z.yaml"});
  test::expect_refused(refused, 3, GetParam().words);
  EXPECT_LE(refused.cpu_seconds, version.cpu_seconds + 2);
  EXPECT_LE(refused.peak_rss_kib, version.peak_rss_kib + (256 << 10));
  EXPECT_EQ(dir.entries(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadConfig, testing::ValuesIn(bad_files()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace zimage
