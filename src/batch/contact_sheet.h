// All pictures of a batch on one page.
#pragma once

#include "zimage/image.h"

#include "batch/journal_entry.h"
#include "io/file.h"

#include <filesystem>
#include <string>
#include <vector>

namespace zimage::batch {

// Those that are done, with prompt, seed and file as captions. folder: from the page to the pictures, "" or "a/b/".
std::string sheet_html(const std::vector<JournalEntry>& entries, const std::string& folder);

// Those that are done in rows, as many as columns, in cells of at most 256 pixels; a picture that cannot be read leaves
// its cell white.
Image sheet_image(const std::vector<JournalEntry>& entries, const std::filesystem::path& dir);

// Smaller by averaging, with the same aspect; never larger. side: pixels.
Image thumbnail(const Image& image, int side);

// As HTML where the path ends with .html, else as PNG. dir: of the pictures. Throws Error(io).
void write_contact_sheet(const std::filesystem::path& path, const std::filesystem::path& dir,
                         const std::vector<JournalEntry>& entries, io::Overwrite overwrite);

}  // namespace zimage::batch
