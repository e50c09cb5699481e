// Standard output: results for other programs, every write checked.
#pragma once

#include <string_view>

namespace zimage::app {

// Gives each of the three standard descriptors that is closed a place that takes nothing, so that no file of ours ever
// gets its number and receives what was meant for it. Once, before anything is opened.
void reserve_standard_descriptors();

// Throws Error(io) when standard output is closed or full.
void print(std::string_view text);

}  // namespace zimage::app
