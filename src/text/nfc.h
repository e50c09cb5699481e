// Unicode Normalization Form C.
#pragma once

#include <string>
#include <string_view>

namespace zimage::text {

// The text must be UTF-8.
std::string to_nfc(std::string_view text);

}  // namespace zimage::text
