// A journal read line by line, whatever happened to the run that wrote it.
#pragma once

#include "batch/journal_entry.h"
#include "batch/prompt_lines.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace zimage::batch {

struct JournalExtent {
  std::optional<JournalHeader> header;  // nothing: the run ended before it was written
  std::uint64_t whole_bytes = 0;        // up to the end of the last whole line; the rest is torn
};

// The entries in the order in which they were written, with their line in the journal; the last one of an image holds.
// A last line without its end is what a crash leaves, and is not looked at. Throws Error(io) "FILE:LINE: rule" for any
// other that breaks the format, and what the source throws.
JournalExtent read_journal(ByteSource source,
                           const std::function<void(JournalEntry entry, std::size_t line)>& on_entry);

}  // namespace zimage::batch
