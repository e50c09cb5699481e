#include "pipeline/window.h"

#include <algorithm>

namespace zimage {
namespace {

bool share_evaluations(const Request& a, const Request& b) {
  return a.width == b.width && a.height == b.height && a.steps == b.steps && a.guidance_scale == b.guidance_scale &&
         a.cfg_normalization == b.cfg_normalization && a.cfg_truncation == b.cfg_truncation;
}

}  // namespace

std::vector<Group> Window::groups(std::int64_t batch) {
  std::vector<Group> groups;
  for (Item& item : items_) {
    if (item.is_handed_over) continue;
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.size() < static_cast<std::size_t>(batch) && share_evaluations(group.front()->request, item.request);
    });
    if (found == groups.end()) {
      groups.push_back({&item});
    } else {
      found->push_back(&item);
    }
  }
  return groups;
}

void Window::hand_over(Item& item, Outcome outcome) {
  item.is_handed_over = true;
  ++handed_over_;
  on_image_(item.index, std::move(outcome));
}

ProgressCallback Window::progress() const {
  if (!progress_) return {};
  return [this](const Progress& state) {
    Progress of_window = state;
    of_window.images = static_cast<int>(items_.size());
    of_window.image = std::min(handed_over_ + 1, of_window.images);
    return progress_(of_window);
  };
}

void Window::report(const Progress& state) {
  stage_ = state.stage;
  const ProgressCallback told = progress();
  if (told && !told(state)) throw Cancelled{};
}

}  // namespace zimage
