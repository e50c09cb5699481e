#include "app/batch_input.h"

#include "zimage/error.h"

#include "config/parse.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <system_error>
#include <utility>

namespace zimage::app {
namespace {

constexpr int kIdleMilliseconds = 200;
constexpr config::IntegerRange kRanks{0, 65'535};

[[noreturn]] void fail(int error) {
  throw Error(ErrorKind::io, "standard input: cannot read: " + std::generic_category().message(error));
}

bool has_input(int milliseconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const int ready = ::poll(&input, 1, milliseconds);
  if (ready < 0 && errno != EINTR) fail(errno);
  return ready > 0;
}

// The first pair of variables that is there: this process' number, and how many there are.
struct Variables {
  const char *index, *count, *local;
};
constexpr std::array<Variables, 2> kLaunchers{
    {{"RANK", "WORLD_SIZE", "LOCAL_RANK"}, {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"}}};

ShardChoice shard_of_environment() {
  for (const Variables& names : kLaunchers) {
    const char *const index = std::getenv(names.index), *const count = std::getenv(names.count);
    if (index == nullptr || count == nullptr) continue;
    const std::string option = std::string("--shard auto: ") + names.index + "/" + names.count;
    ShardChoice choice{batch::parse_shard(option, std::string(index) + "/" + count), std::nullopt};
    if (const char* const local = std::getenv(names.local)) {
      choice.local_rank =
          static_cast<int>(config::parse_integer({std::string("--shard auto: ") + names.local, local}, kRanks));
    }
    return choice;
  }
  throw Error(ErrorKind::usage,
              "--shard auto: neither RANK and WORLD_SIZE nor SLURM_PROCID and SLURM_NTASKS are in the environment");
}

}  // namespace

batch::ByteSource standard_input(std::function<void()> on_idle) {
  const auto read = [on_idle = std::move(on_idle)](std::span<char> out) {
    while (!has_input(kIdleMilliseconds)) on_idle();
    for (;;) {
      const ssize_t got = ::read(STDIN_FILENO, out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR && errno != EAGAIN) fail(errno);
    }
  };
  return {"standard input", read, [] { return has_input(0); }};
}

ShardChoice choose_shard(const std::optional<std::string>& option) {
  if (!option) return {};
  if (*option == "auto") return shard_of_environment();
  return {batch::parse_shard("--shard", *option), std::nullopt};
}

}  // namespace zimage::app
