#include "plan/batch_search.h"

#include "plan/tokens.h"

#include <algorithm>
#include <limits>

namespace zimage::plan {
namespace {

constexpr double kAsGood = 1.02;
// Of a batch: the largest map, the feed-forward's gate and up, stays below 2³¹ elements.
constexpr std::int64_t kMostTokens = 65536;
// Beyond 8 every third part more is enough.
constexpr std::int64_t kBatches[]{2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64};

double seconds_per_image(const BatchCandidate& found) {
  return found.candidate.seconds.total() / static_cast<double>(found.problem->image.batch);
}

}  // namespace

BatchSearch::BatchSearch(const Problem& problem, const Machine& machine, const Policy& policy) : problems_{problem} {
  const std::int64_t tokens = joint_tokens(problem, problem.image.prompt_tokens);
  for (const std::int64_t batch : kBatches) {
    if (batch > policy.max_batch || batch * tokens > kMostTokens) break;
    problems_.push_back(problem);
    problems_.back().image.batch = batch;
  }
  for (const Problem& one : problems_) searches_.emplace_back(one, machine, policy);
}

std::optional<BatchCandidate> BatchSearch::fastest(std::uint64_t peak_bytes) const {
  std::vector<BatchCandidate> found;
  double least = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < searches_.size(); ++i) {
    const std::optional<Candidate> candidate = searches_[i].fastest(peak_bytes);
    if (!candidate) continue;
    found.push_back({&problems_[i], *candidate});
    least = std::min(least, seconds_per_image(found.back()));
  }
  const auto best = std::find_if(found.begin(), found.end(), [&](const BatchCandidate& candidate) {
    return seconds_per_image(candidate) <= kAsGood * least;
  });
  return best == found.end() ? std::nullopt : std::optional(*best);
}

BatchCandidate BatchSearch::smallest() const { return {&problems_.front(), searches_.front().smallest()}; }

}  // namespace zimage::plan
