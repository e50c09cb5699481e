// zimage batch --merge-report: the journals of all shards as one report.
#pragma once

#include "app/batch_arguments.h"
#include "config/options.h"

namespace zimage::app {

// Prints it, and writes the files that were asked for. Throws PartialBatch where images failed or are missing.
void report_batch(const BatchArguments& arguments, const config::Options& options);

}  // namespace zimage::app
