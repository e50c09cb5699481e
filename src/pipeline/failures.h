// LibTorch's exceptions as ours, at the library's edge.
#pragma once

#include <functional>

namespace zimage {

// Runs `work`; out of memory becomes Error(memory), a failing GPU Error(device), any other c10::Error Error(internal).
void with_translated_failures(const std::function<void()>& work);

}  // namespace zimage
