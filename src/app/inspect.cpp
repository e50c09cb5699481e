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
#include "checkpoint/summary.h"

#include <array>
#include <memory>

namespace zimage::app {
namespace {

constexpr std::array kLoadTypes{DType::f32, DType::f16, DType::bf16};

struct InspectArguments {
  ModelChoice model;
  bool json = false;
  LogArguments log;
};

// text_encoder, transformer, vae, and their sum.
std::vector<ComponentSummary> with_total(std::vector<ComponentSummary> components) {
  ComponentSummary total{.name = "total"};
  for (const ComponentSummary& component : components) {
    total.files += component.files;
    total.tensors += component.tensors;
    total.parameters += component.parameters;
    total.loaded_parameters += component.loaded_parameters;
    total.file_bytes += component.file_bytes;
    for (const auto& [type, count] : component.parameters_stored) total.parameters_stored[type] += count;
  }
  components.push_back(total);
  return components;
}

io::Json as_json(const ComponentSummary& component) {
  io::Json::Object types, loaded;
  for (const auto& [type, count] : component.parameters_stored) {
    types.emplace_back(std::string(safetensors_name(type)), json(count));
  }
  for (const DType dtype : kLoadTypes) {
    loaded.emplace_back(std::string(option_name(dtype)), json(component.loaded_bytes(dtype)));
  }
  return io::Json(io::Json::Object{{"name", json(component.name)},
                                   {"files", json(component.files)},
                                   {"tensors", json(component.tensors)},
                                   {"parameters", json(component.parameters)},
                                   {"loaded_parameters", json(component.loaded_parameters)},
                                   {"types", io::Json(std::move(types))},
                                   {"bytes_on_disk", json(component.file_bytes)},
                                   {"bytes_in_type", io::Json(std::move(loaded))}});
}

std::string json_text(const std::string& name, const std::vector<ComponentSummary>& components) {
  io::Json::Array array;
  for (const ComponentSummary& component : components) array.push_back(as_json(component));
  io::Json::Object members{{"model", json(name)}, {"components", io::Json(std::move(array))}};
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

std::string table(const std::vector<ComponentSummary>& components) {
  std::string text = row({"component", "parameters", "on disk", "loaded", "in fp32", "in fp16", "in bf16", "types"});
  for (const ComponentSummary& component : components) {
    std::vector<std::string> cells{component.name, format_count(component.parameters),
                                   format_bytes(component.file_bytes), format_count(component.loaded_parameters)};
    for (const DType dtype : kLoadTypes) cells.push_back(format_bytes(component.loaded_bytes(dtype)));
    std::string types;
    for (const auto& [type, count] : component.parameters_stored) {
      types += (types.empty() ? "" : ", ") + std::string(safetensors_name(type));
    }
    cells.push_back(types);
    text += row(cells);
  }
  return text;
}

void run_inspect(const InspectArguments& arguments) {
  apply(arguments.log);
  const ModelFolder model = find_model(arguments.model);
  const Checkpoint checkpoint(model.dir, model.components);
  const std::vector<ComponentSummary> components = with_total(summarize(checkpoint));
  const std::string name = model_name(model);
  print(arguments.json ? json_text(name, components) : name + "\n" + table(components));
  for (const std::string& warning : checkpoint.warnings()) log::warning(warning);
}

}  // namespace

Command inspect_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "inspect", "Check a checkpoint's configs and headers; print its components, their types and bytes");
  command->footer("Example:\n  zimage inspect --model Z-Image-Turbo\n");
  const auto arguments = std::make_shared<InspectArguments>();
  add_model_options(*command, arguments->model);
  command->add_flag("--json", arguments->json, "One line of JSON, sizes in bytes");
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_inspect(*arguments); }};
}

}  // namespace zimage::app
