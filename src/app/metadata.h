// The generation's parameters as the JSON text that goes into the PNG.
#pragma once

#include "zimage/pipeline.h"

#include <string>

namespace zimage::app {

struct GenerationRecord {
  Request request;
  int width = 0, height = 0;             // pixels, as drawn
  std::string model;                     // the folder's name, no path
  std::string device, dtype, attention;  // what "auto" became
};

std::string metadata_json(const GenerationRecord& record);

}  // namespace zimage::app
