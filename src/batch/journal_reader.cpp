#include "batch/journal_reader.h"

#include "zimage/error.h"

namespace zimage::batch {
namespace {

std::optional<Line> next_whole(LineReader& lines) {
  try {
    const auto line = lines.next_raw();
    return line && line->is_ended ? line : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    throw Error(ErrorKind::io, error.what());  // too long a line
  }
}

}  // namespace

JournalExtent read_journal(ByteSource source,
                           const std::function<void(JournalEntry entry, std::size_t line)>& on_entry) {
  LineReader lines(std::move(source));
  JournalExtent extent;
  while (const auto line = next_whole(lines)) {
    const std::string place = lines.place(line->number);
    if (!extent.header) {
      extent.header = header_of(line->text, place);
    } else {
      on_entry(entry_of(line->text, place), line->number);
    }
    extent.whole_bytes += line->text.size() + 1;
  }
  return extent;
}

}  // namespace zimage::batch
