// zimage inspect: what a checkpoint folder holds, from its headers alone.
#include "app/command.h"
#include "app/format.h"
#include "app/json_values.h"
#include "app/model_folder.h"
#include "app/options.h"
#include "app/output.h"
#include "base/dtype.h"
#include "base/log.h"
#include "checkpoint/checkpoint.h"

#include <array>
#include <map>
#include <memory>

namespace zimage::app {
namespace {

constexpr std::array kLoadTypes{DType::f32, DType::f16, DType::bf16};

struct InspectArguments {
  std::optional<std::string> model;
  bool json = false;
  LogArguments log;
};

struct ComponentSize {
  std::string name;
  std::uint64_t parameters = 0;
  std::uint64_t bytes_on_disk = 0;
  std::map<std::string, std::uint64_t> parameters_by_type;  // by the names of safetensors
};

ComponentSize size_of(const std::string& name, const ComponentFiles& files) {
  ComponentSize size{name, files.parameters(), files.bytes(), {}};
  for (const TensorSource& tensor : files.tensors()) {
    const DType dtype = tensor.info->dtype;
    size.parameters_by_type[std::string(safetensors_name(dtype))] += tensor.info->bytes / dtype_bytes(dtype);
  }
  return size;
}

std::vector<ComponentSize> sizes_of(const Checkpoint& checkpoint) {
  std::vector<ComponentSize> sizes{size_of("text_encoder", checkpoint.text_encoder()),
                                   size_of("transformer", checkpoint.transformer()), size_of("vae", checkpoint.vae())};
  ComponentSize total{.name = "total"};
  for (const ComponentSize& size : sizes) {
    total.parameters += size.parameters;
    total.bytes_on_disk += size.bytes_on_disk;
    for (const auto& [type, count] : size.parameters_by_type) total.parameters_by_type[type] += count;
  }
  sizes.push_back(total);
  return sizes;
}

io::Json as_json(const ComponentSize& size) {
  io::Json::Object types, loaded;
  for (const auto& [type, count] : size.parameters_by_type) types.emplace_back(type, json(count));
  for (const DType dtype : kLoadTypes) {
    loaded.emplace_back(std::string(option_name(dtype)), json(size.parameters * dtype_bytes(dtype)));
  }
  return io::Json(io::Json::Object{{"name", json(size.name)},
                                   {"parameters", json(size.parameters)},
                                   {"types", io::Json(std::move(types))},
                                   {"bytes_on_disk", json(size.bytes_on_disk)},
                                   {"bytes_in_type", io::Json(std::move(loaded))}});
}

std::string json_text(const std::string& name, const std::vector<ComponentSize>& sizes) {
  io::Json::Array components;
  for (const ComponentSize& size : sizes) components.push_back(as_json(size));
  io::Json::Object members{{"model", json(name)}, {"components", io::Json(std::move(components))}};
  return io::to_string(io::Json(std::move(members))) + "\n";
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string row(const std::vector<std::string>& cells) {
  constexpr std::size_t kCellWidth = 14;
  std::string line;
  for (const std::string& cell : cells) line += padded(cell, kCellWidth);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string table(const std::vector<ComponentSize>& sizes) {
  std::string text = row({"component", "parameters", "on disk", "in fp32", "in fp16", "in bf16", "types"});
  for (const ComponentSize& size : sizes) {
    std::vector<std::string> cells{size.name, format_count(size.parameters), format_bytes(size.bytes_on_disk)};
    for (const DType dtype : kLoadTypes) cells.push_back(format_bytes(size.parameters * dtype_bytes(dtype)));
    std::string types;
    for (const auto& [type, count] : size.parameters_by_type) types += (types.empty() ? "" : ", ") + type;
    cells.push_back(types);
    text += row(cells);
  }
  return text;
}

void run_inspect(const InspectArguments& arguments) {
  apply(arguments.log);
  const ModelFolder model = find_model(arguments.model);
  const Checkpoint checkpoint(model.dir);
  const std::vector<ComponentSize> sizes = sizes_of(checkpoint);
  const std::string name = model_name(model.dir);
  print(arguments.json ? json_text(name, sizes) : name + "\n" + table(sizes));
  for (const std::string& warning : checkpoint.warnings()) log::warning(warning);
}

}  // namespace

Command inspect_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "inspect", "Check a checkpoint's configs and headers; print its components, their types and bytes");
  command->footer("Example:\n  zimage inspect --model Z-Image-Turbo\n");
  const auto arguments = std::make_shared<InspectArguments>();
  add_model_option(*command, arguments->model);
  command->add_flag("--json", arguments->json, "One line of JSON, sizes in bytes");
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_inspect(*arguments); }};
}

}  // namespace zimage::app
