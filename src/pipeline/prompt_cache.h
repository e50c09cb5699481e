// The last prompts' embeddings: the same prompt is not encoded twice.
#pragma once

#include "plan/tokens.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <vector>

namespace zimage {

class PromptCache {
 public:
  using TokenIds = std::vector<std::int32_t>;

  // Of a prompt and its negative, and of those before them: 5 MB each at most.
  static constexpr std::size_t kPrompts = plan::kKeptPrompts;

  // All of these, each once, are kept from here on. Where they are more than kPrompts, they wait in host memory.
  void expect(const std::vector<TokenIds>& prompts) {
    capacity_ = std::max(prompts.size(), kPrompts);
    for (const TokenIds& ids : prompts) {
      const auto found = find(ids);
      if (found != prompts_.end()) prompts_.splice(prompts_.begin(), prompts_, found);
    }
    trim();
  }

  bool contains(const TokenIds& ids) const { return find(ids) != prompts_.end(); }
  // REQUIRES: contains(ids). On the device that they were made on, or the host.
  const at::Tensor& get(const TokenIds& ids) const { return find(ids)->embeds; }

  void add(const TokenIds& ids, const at::Tensor& embeds) {
    while (prompts_.size() >= capacity_) prompts_.pop_back();
    prompts_.push_front({ids, capacity_ > kPrompts ? embeds.cpu() : in_place(embeds)});
  }

  // Only what is in host memory stays.
  void leave_device() {
    std::erase_if(prompts_, [](const Prompt& p) { return !p.embeds.is_cpu(); });
    places_.clear();
  }

 private:
  struct Prompt {
    TokenIds ids;
    at::Tensor embeds;  // [L, hidden]
  };

  std::list<Prompt>::const_iterator find(const TokenIds& ids) const {
    return std::find_if(prompts_.begin(), prompts_.end(), [&](const Prompt& p) { return p.ids == ids; });
  }
  // In a place of its own: among what comes and goes it would stand in the way of large pieces. Where others still use
  // every place, it stays where it is.
  at::Tensor in_place(const at::Tensor& embeds) {
    while (places_.size() < kPrompts) {
      places_.push_back(at::empty({plan::kMostPromptTokens, embeds.size(1)}, embeds.options()));
    }
    for (const at::Tensor& place : places_) {
      if (place.storage().use_count() == 1) return place.narrow(0, 0, embeds.size(0)).copy_(embeds);
    }
    return embeds;
  }
  void trim() {
    while (prompts_.size() > capacity_) prompts_.pop_back();
  }

  std::list<Prompt> prompts_;  // the newest first
  std::size_t capacity_ = kPrompts;
  std::vector<at::Tensor> places_;  // kPrompts of them, or none yet
};

}  // namespace zimage
