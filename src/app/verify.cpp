// zimage verify: reads all of a model, checks what loading checks and that every value is finite, prints checksums.
#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "app/format.h"
#include "app/json_values.h"
#include "app/model_commands.h"
#include "app/model_folder.h"
#include "app/options.h"
#include "app/output.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/model_files.h"
#include "checkpoint/verification.h"
#include "text/tokenizer.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

struct VerifyArguments {
  ModelChoice model;
  bool json = false;
  LogArguments log;
};

struct VerifiedFile {
  fs::path path;
  std::unique_ptr<io::SafetensorsFile> weights;  // null: of another kind
  std::uint64_t bytes = 0;
  FileVerification result;
};
using VerifiedFiles = std::vector<VerifiedFile>;

VerifiedFiles files_of(const Checkpoint& checkpoint) {
  VerifiedFiles files;
  for (const ComponentFiles* component : {&checkpoint.text_encoder(), &checkpoint.transformer(), &checkpoint.vae()}) {
    for (const fs::path& path : weight_files(*component)) {
      if (std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.path == path; })) continue;
      auto weights = std::make_unique<io::SafetensorsFile>(path);
      const std::uint64_t bytes = weights->file().size();
      files.push_back({path, std::move(weights), bytes, {}});
    }
  }
  for (const fs::path& path : other_files(checkpoint.places())) {
    files.push_back({path, nullptr, io::ReadFile(path).size(), {}});
  }
  return files;
}

void read_one(VerifiedFile& file) {
  const auto keep_going = [] { return received_signal() == 0; };
  if (file.weights != nullptr) {
    file.result = verify_weights(*file.weights, keep_going);
  } else {
    file.result.sha256 = checksum(file.path);
  }
}

// The largest files first, one on each core.
void read_all(VerifiedFiles& files) {
  std::vector<VerifiedFile*> order;
  for (VerifiedFile& file : files) order.push_back(&file);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->bytes > b->bytes; });
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < order.size(); i = next++) read_one(*order[i]);
    } catch (...) {
      next = order.size();
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    constexpr unsigned kMaxThreads = 16;
    std::vector<std::jthread> threads;
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads);
    for (unsigned i = 0; i < count; ++i) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  stop_if_signalled();
}

std::string text_of(const VerifiedFiles& files) {
  std::string text;
  for (const VerifiedFile& file : files) {
    text += io::hex(file.result.sha256) + "  " + printable(file.path.native()) + "\n";
    for (const NotFinite& found : file.result.not_finite) {
      text += "  " + printable(found.tensor, 200) + ": " + std::to_string(found.count) +
              " values are not finite, the first at " + std::to_string(found.first) + "\n";
    }
  }
  return text;
}

std::string json_of(const VerifiedFiles& files, const std::string& model) {
  io::Json::Array array;
  for (const VerifiedFile& file : files) {
    io::Json::Array not_finite;
    for (const NotFinite& found : file.result.not_finite) {
      not_finite.push_back(io::Json(io::Json::Object{
          {"tensor", json(found.tensor)}, {"count", json(found.count)}, {"first_index", json(found.first)}}));
    }
    array.push_back(io::Json(io::Json::Object{{"path", json(file.path.string())},
                                              {"bytes", json(file.bytes)},
                                              {"sha256", json(io::hex(file.result.sha256))},
                                              {"not_finite", io::Json(std::move(not_finite))}}));
  }
  io::Json::Object members{{"model", json(model)}, {"files", io::Json(std::move(array))}};
  return io::to_string(io::Json(std::move(members))) + "\n";
}

void refuse_not_finite(const VerifiedFiles& files) {
  for (const VerifiedFile& file : files) {
    if (file.result.not_finite.empty()) continue;
    const NotFinite& first = file.result.not_finite.front();
    throw Error(ErrorKind::model, printable(file.path.native()) + ": tensor \"" + printable(first.tensor, 200) +
                                      "\": " + std::to_string(first.count) + " values are not finite, the first at " +
                                      std::to_string(first.first));
  }
}

void run_verify(const VerifyArguments& arguments) {
  watch_signals();
  apply(arguments.log);
  const ModelFolder model = find_model(arguments.model);
  const Checkpoint checkpoint(model.dir, model.components);
  for (const std::string& warning : checkpoint.warnings()) log::warning(warning);
  const Tokenizer tokenizer(find_tokenizer(model.dir, model.components));
  VerifiedFiles files = files_of(checkpoint);
  read_all(files);
  print(arguments.json ? json_of(files, model_name(model)) : text_of(files));
  refuse_not_finite(files);
}

}  // namespace

Command verify_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "verify", "Read all of a model: check its files, find values that are not finite, print SHA-256 checksums");
  command->footer("Exit code 3: damaged.\n\nExample:\n  zimage verify --model Z-Image-Turbo\n");
  const auto arguments = std::make_shared<VerifyArguments>();
  add_model_options(*command, arguments->model);
  command->add_flag("--json", arguments->json, "One line of JSON");
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_verify(*arguments); }};
}

}  // namespace zimage::app
