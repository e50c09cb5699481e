#include "app/recreation.h"

#include "zimage/error.h"

#include "app/hub_cache.h"
#include "app/model_folder.h"
#include "base/text.h"

#include <array>
#include <optional>
#include <utility>

namespace zimage::app {
namespace {

using Names = std::pair<std::string_view, std::string_view>;  // of the member, of the setting

// What any picture has that says its prompt.
constexpr std::array<Names, 5> kOfAllPrograms{{{"prompt", "prompt.text"},
                                               {"seed", "sampling.seed"},
                                               {"steps", "sampling.steps"},
                                               {"width", "image.width"},
                                               {"height", "image.height"}}};
constexpr std::array<Names, 6> kOurs{{{"negative_prompt", "prompt.negative"},
                                      {"literal_prompt", "prompt.literal"},
                                      {"guidance_scale", "sampling.guidance_scale"},
                                      {"cfg_normalization", "sampling.cfg_normalization"},
                                      {"cfg_truncation", "sampling.cfg_truncation"},
                                      {"rng", "sampling.rng"}}};
constexpr std::array<Names, 2> kOfTheDevice{{{"dtype", "dtype"}, {"attention_choice", "attention.backend"}}};
constexpr std::array<Names, 3> kOfThePlan{{{"attention_slicing", "memory.attention_slicing"},
                                           {"activation_recompute", "memory.activation_recompute"},
                                           {"vae_tiling", "memory.vae_tiling"}}};

std::string value_text(const io::Json& value) {
  const std::string* const text = value.as<std::string>();
  return text == nullptr ? io::to_string(value) : *text;
}

class Entries {
 public:
  Entries(std::string picture, const io::Json& members) : picture_(std::move(picture)), members_(members) {}

  void add(const Names& names) {
    if (const io::Json* const value = members_.find(names.first)) add(names, value_text(*value));
  }
  void add(const Names& names, std::string text) {
    entries_.push_back({&config::setting(names.second),
                        {std::move(text), picture_ + ": " + std::string(names.first), picture_, ErrorKind::model}});
  }
  std::vector<config::Entry> take() { return std::move(entries_); }

 private:
  std::string picture_;
  const io::Json& members_;
  std::vector<config::Entry> entries_;
};

// As --model takes it; nothing where there is no such model here.
std::optional<std::string> model_here(const std::string& name) {
  const auto built_in = built_in_model();
  if (built_in && built_in->filename() == name) return built_in->string();
  if (!is_repository_name(name)) return std::nullopt;
  try {
    return find_snapshot(hub_cache(), name).string();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string kind_of(std::string_view device) { return std::string(device.substr(0, device.find(':'))); }

std::string in_words(const io::Json* value) {
  return value == nullptr ? "nothing" : printable(value_text(*value), 200);
}

}  // namespace

Recreation::Recreation(const std::filesystem::path& picture)
    : picture_(printable(picture.native())), record_(read_picture_record(picture)) {}

const std::string* Recreation::text(std::string_view member) const {
  const io::Json* const value = record_.members.find(member);
  return value == nullptr ? nullptr : value->as<std::string>();
}

std::vector<config::Entry> Recreation::settings(const DeviceWish& wish) const {
  Entries entries(picture_, record_.members);
  for (const Names& names : kOfAllPrograms) entries.add(names);
  if (record_.is_foreign) return entries.take();
  for (const Names& names : kOurs) entries.add(names);
  if (const std::string* const name = text("model")) {
    if (const auto model = model_here(*name)) entries.add({"model", "model"}, *model);
  }
  const std::string* const device = text("device");
  if (device == nullptr) return entries.take();
  const std::string was = kind_of(*device);
  if (was == "cpu") entries.add({"device", "device"});
  const std::string asked = wish.flag ? *wish.flag : was == "cpu" ? was : wish.file.value_or("auto");
  if (was != (asked == "auto" ? kind_of(wish.has_gpu ? "cuda" : "cpu") : kind_of(asked))) return entries.take();
  for (const Names& names : kOfTheDevice) entries.add(names);
  const io::Json* const plan = record_.members.find("plan");
  for (const auto& [member, setting] : kOfThePlan) {
    const io::Json* const lever = plan == nullptr ? nullptr : plan->find(member);
    if (lever != nullptr && value_text(*lever) != "off") entries.add({member, setting}, value_text(*lever));
  }
  return entries.take();
}

std::vector<std::string> Recreation::warnings() const {
  if (record_.is_foreign) return {picture_ + ": made by another program, whose pictures are others of the same prompt"};
  if (text("initial_noise") != nullptr) return {picture_ + ": its noise was a file's; --latents gives it again"};
  return {};
}

std::vector<std::string> Recreation::differences(const RunRecord& run) const {
  std::vector<std::string> lines;
  if (record_.is_foreign) return lines;
  const auto compare = [&](const std::string& member, const io::Json* was, const std::string& is) {
    if (was == nullptr || value_text(*was) == is) return;
    lines.push_back(picture_ + ": " + member + " was " + in_words(was) + " and is " + (is.empty() ? "nothing" : is) +
                    ": the pixels may differ");
  };
  compare("zimage", record_.members.find("zimage"), ZIMAGE_VERSION);
  const std::string* const attention = text("attention");
  const bool has_same_attention = attention != nullptr && *attention == run.attention;
  const io::Json now = run_members(run);
  for (const auto& [member, value] : *now.as<io::Json::Object>()) {
    if (member == "model" || member == "device") continue;
    if (member == "attention_choice" && !has_same_attention) continue;  // said by "attention"
    compare(member, record_.members.find(member), value_text(value));
  }
  const std::string* const device = text("device");
  if (device != nullptr && kind_of(*device) != kind_of(run.device)) {
    compare("device", record_.members.find("device"), kind_of(run.device));
  }
  return lines;
}

std::vector<std::string> Recreation::differences(const GenerationRecord& record) const {
  const io::Json* const was = record_.members.find("plan");
  const io::Json is = plan_members(record);
  if (was == nullptr || io::to_string(*was) == io::to_string(is)) return {};
  return {picture_ + ": plan was " + in_words(was) + " and is " + value_text(is) + ": the pixels may differ"};
}

}  // namespace zimage::app
