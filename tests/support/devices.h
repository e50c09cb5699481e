// The devices that tensor tests run on: always the CPU, and a GPU where there is one.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

// Ends the test as SKIPPED, visibly, where it needs a GPU and there is none.
#define ZIMAGE_SKIP_WITHOUT(device) \
  if ((device) == "cuda" && !at::hasCUDA()) GTEST_SKIP() << "no GPU on this machine"
