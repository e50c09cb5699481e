// What a pipeline's pictures have in common, for their metadata.
#pragma once

#include "zimage/pipeline.h"

#include "app/metadata.h"

#include <string>

namespace zimage::app {

// model: its name. attention: as the pipeline's options have it. Throws Error(io) where the model's files cannot be
// read.
RunRecord record_run(const Pipeline& pipeline, const std::string& model, const std::string& attention);

// `request` as it was drawn.
GenerationRecord record_image(const RunRecord& run, const Request& request, const Result& result);

}  // namespace zimage::app
