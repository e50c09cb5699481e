// The catalogue of translated messages: messages.zh.txt, compiled in.
#pragma once

#include <string_view>

namespace zimage::app {

std::string_view chinese_messages();

}  // namespace zimage::app
