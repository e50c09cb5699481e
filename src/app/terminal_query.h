// A question that only the terminal can answer.
#pragma once

#include <string>

namespace zimage::app {

// What the process' terminal answers to "primary device attributes" (ESC [ c) within half a second; empty where there
// is no terminal, this is not its foreground process, or it says nothing.
std::string ask_device_attributes();

}  // namespace zimage::app
