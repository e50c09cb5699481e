// A stage in one word, for people and for files.
#pragma once

#include "zimage/profile.h"

#include <string_view>

namespace zimage::app {

inline std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::load:
      return "load";
    case Stage::encode:
      return "encode";
    case Stage::denoise:
      return "denoise";
    case Stage::decode:
      return "decode";
  }
  return "";
}

}  // namespace zimage::app
