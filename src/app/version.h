// Versions of the program and of what it runs on.
#pragma once

#include <string>

namespace zimage::app {

// "zimage 0.1.0", "LibTorch 2.11.0", "CUDA 13.0" and "cuDNN 9.x", a line each.
std::string version_text();

}  // namespace zimage::app
