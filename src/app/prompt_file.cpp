#include "app/prompt_file.h"

#include "base/text.h"
#include "config/parse.h"
#include "io/file.h"

#include <string_view>

namespace zimage::app {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::string read_prompt_file(const std::filesystem::path& path) {
  return prompt_of_bytes(io::read_whole(path, kMaxPromptBytes, ErrorKind::usage), printable(path.native()));
}

std::string prompt_of_bytes(std::string_view text, const std::string& source) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string prompt;
  prompt.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_line = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!ends_line) prompt += text[i];
  }
  while (prompt.ends_with('\n')) prompt.pop_back();
  config::check_prompt_text(source, prompt);
  return prompt;
}

}  // namespace zimage::app
