// How a picture was made, as the texts that go into its PNG: JSON of ours (docs/metadata.md has its members), and the
// lines that other programs write and read.
#pragma once

#include "zimage/pipeline.h"

#include "io/json.h"
#include "io/png.h"

#include <string>

namespace zimage::app {

// What all pictures of a run have in common.
struct RunRecord {
  std::string model;                     // the folder's name, no path
  std::string fingerprint;               // of its weights
  std::string device, dtype, attention;  // what "auto" became
  std::string attention_choice;          // as asked: "auto" takes others for short sequences than that name does
  std::string gpu;                       // its name; empty on the CPU
  std::string torch;                     // LibTorch's version
};

struct GenerationRecord {
  RunRecord run;
  Request request;
  int width = 0, height = 0;  // pixels, as drawn
  PixelLevers levers;
  int batch = 1;  // images that shared the transformer's evaluations
};

// Of picture_text's JSON: what all pictures of a run have in common, and "plan".
io::Json run_members(const RunRecord& run);
io::Json plan_members(const GenerationRecord& record);

io::PictureText picture_text(const GenerationRecord& record);

}  // namespace zimage::app
