// The images of one call on their way, and which of them share evaluations.
#pragma once

#include "zimage/pipeline.h"

#include <cstdint>
#include <vector>

namespace zimage {

struct Item {
  std::size_t index = 0;                              // of the caller's requests
  Request request;                                    // its size given
  std::vector<std::int32_t> prompt, negative_prompt;  // tokens; the negative one's with guidance
  Result result;                                      // as far as it is drawn
  bool is_handed_over = false;
};

// Images that share evaluations.
using Group = std::vector<Item*>;

class Window {
 public:
  Window(OutcomeCallback on_image, ProgressCallback progress)
      : on_image_(std::move(on_image)), progress_(std::move(progress)) {}

  void add(Item item) { items_.push_back(std::move(item)); }
  const std::vector<Item>& items() const { return items_; }
  // Of what has no outcome yet: images of one size, schedule and guidance, at most `batch`, in the order of the first.
  std::vector<Group> groups(std::int64_t batch);
  // Its image is done, or failed.
  void hand_over(Item& item, Outcome outcome);

  // Which adds to what is told how far the window is, and tells the caller.
  ProgressCallback progress() const;
  // Throws Cancelled when the caller asks for it.
  void report(const Progress& state);
  // Of the last report.
  Stage stage() const { return stage_; }

 private:
  OutcomeCallback on_image_;
  ProgressCallback progress_;
  std::vector<Item> items_;
  int handed_over_ = 0;
  Stage stage_ = Stage::load;
};

}  // namespace zimage
