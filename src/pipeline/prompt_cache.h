// The last prompts' embeddings: the same prompt is not encoded twice.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace zimage {

class PromptCache {
 public:
  // Of a prompt and its negative, and of those before them: 5 MB each at most.
  static constexpr std::size_t kPrompts = 4;

  bool contains(const std::vector<std::int32_t>& ids) const { return find(ids) != prompts_.end(); }

  // encode(ids), or what it gave for these ids before.
  template <class Encode>
  at::Tensor get(const std::vector<std::int32_t>& ids, Encode&& encode) {
    const auto found = find(ids);
    if (found != prompts_.end()) return found->embeds;
    prompts_.push_front({ids, encode(ids)});
    if (prompts_.size() > kPrompts) prompts_.pop_back();
    return prompts_.front().embeds;
  }

 private:
  struct Prompt {
    std::vector<std::int32_t> ids;
    at::Tensor embeds;  // [L, hidden]
  };

  std::deque<Prompt>::const_iterator find(const std::vector<std::int32_t>& ids) const {
    return std::find_if(prompts_.begin(), prompts_.end(), [&](const Prompt& p) { return p.ids == ids; });
  }

  std::deque<Prompt> prompts_;  // the newest first
};

}  // namespace zimage
