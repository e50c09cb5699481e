// --model takes the name of a repository that is in the Hugging Face cache.
#include "app/hub_cache.h"

#include "app/expect_outcome.h"
#include "app/model_folder.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

const std::string kCommit = "f332072aa78be7aecdf3ee76d5c247082da564a6";
const std::string kOther = "0123456789012345678901234567890123456789";

fs::path add_snapshot(const test::TempDir& cache, const std::string& commit) {
  const fs::path dir = cache / "models--org--a-model" / "snapshots" / commit;
  fs::create_directories(dir);
  return dir;
}

TEST(HubCache, takes_the_snapshot_of_main) {
  const test::TempDir cache;
  add_snapshot(cache, kOther);
  const fs::path dir = add_snapshot(cache, kCommit);
  cache.write("models--org--a-model/refs/main", kCommit);
  EXPECT_EQ(find_snapshot(cache.path(), "org/a-model"), dir);
}

TEST(HubCache, takes_the_only_snapshot_where_main_says_nothing) {
  const test::TempDir cache;
  const fs::path dir = add_snapshot(cache, kCommit);
  EXPECT_EQ(find_snapshot(cache.path(), "org/a-model"), dir);
  cache.write("models--org--a-model/refs/main", "../../../../../../../../../../../../../etc");
  EXPECT_EQ(find_snapshot(cache.path(), "org/a-model"), dir);
}

TEST(HubCache, says_how_to_download_what_is_not_there) {
  const test::TempDir cache;
  test::expect_error(ErrorKind::model, {"org/a-model", cache.path().string(), "hf download org/a-model"},
                     [&] { find_snapshot(cache.path(), "org/a-model"); });
  add_snapshot(cache, kOther);
  add_snapshot(cache, kCommit);  // which of them, nobody says
  test::expect_error(ErrorKind::model, {"hf download org/a-model"},
                     [&] { find_snapshot(cache.path(), "org/a-model"); });
}

TEST(HubCache, knows_names_of_repositories_from_paths) {
  for (const char* name : {"Tongyi-MAI/Z-Image-Turbo", "a/b", "a_b/c.d"}) EXPECT_TRUE(is_repository_name(name)) << name;
  for (const char* path : {"a", "/a", "a/", "./a", "a/../b", "../a", "a/b/c", "a/.b", "a b/c", ""}) {
    EXPECT_FALSE(is_repository_name(path)) << path;
  }
}

TEST(HubCache, a_snapshot_is_called_by_its_repository) {
  const test::TempDir cache;
  EXPECT_EQ(model_name(add_snapshot(cache, kCommit)), "org/a-model");
  EXPECT_EQ(model_name(cache.path()), fs::canonical(cache.path()).filename());
}

TEST(HubCache, the_executable_finds_it_by_every_variable) {
  const test::TempDir home;
  const fs::path hub = home / "x/hub";
  fs::create_directories(hub / "models--org--a-model/snapshots");
  fs::create_directory_symlink(fs::path(ZIMAGE_SOURCE_MODELS) / "zimage-demo",
                               hub / "models--org--a-model/snapshots" / kCommit);
  fs::create_directories(home / "home/.cache");
  fs::create_directory_symlink(home / "x", home / "home/.cache/huggingface");
  const std::map<std::string, std::string> ways[] = {
      {{"HF_HUB_CACHE", hub}}, {{"HF_HOME", home / "x"}}, {{"HOME", home / "home"}}};
  for (const auto& environment : ways) {
    const test::Outcome outcome =
        test::run_zimage({.arguments = {"tokenize", "--model", "org/a-model", "--prompt", "a"},
                          .directory = home.path(),
                          .environment = environment});
    test::expect_success(outcome);
    EXPECT_NE(outcome.out, "") << environment.begin()->first;
  }
  test::expect_refused(test::run_zimage({.arguments = {"tokenize", "--model", "org/other", "--prompt", "a"},
                                         .directory = home.path(),
                                         .environment = {{"HF_HOME", home / "x"}}}),
                       3, {"org/other", "hf download org/other"});
}

}  // namespace
}  // namespace zimage::app
