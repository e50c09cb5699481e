#include "io/model_file.h"

#include "zimage/error.h"

#include "base/text.h"

#include <optional>
#include <string>
#include <system_error>

namespace zimage::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& rule) {
  throw Error(ErrorKind::model, printable(path.native()) + ": " + rule);
}

fs::path checked_path(const fs::path& dir, std::string_view name) {
  if (!is_plain_name(name)) refuse(dir, "\"" + printable(name, 200) + "\" is not a plain file name");
  return dir / name;
}

fs::file_type type_of(const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::not_found) refuse(path, "is missing");
  if (type == fs::file_type::none) refuse(path, "cannot be looked up: " + error.message());
  return type;
}

// REPO/blobs for a folder REPO/snapshots/REVISION or one below it, where the Hugging Face cache keeps its files.
std::optional<fs::path> blobs_of(const fs::path& dir) {
  std::error_code error;
  fs::path folder = fs::canonical(dir, error);
  if (error) return std::nullopt;
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    if (folder.parent_path().filename() == "snapshots") return folder.parent_path().parent_path() / "blobs";
  }
  return std::nullopt;
}

}  // namespace

bool is_plain_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.size() > 255) return false;
  for (const char c : name) {
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return true;
}

fs::path model_file(const fs::path& dir, std::string_view name) {
  const fs::path path = checked_path(dir, name);
  const fs::file_type type = type_of(path);
  if (type == fs::file_type::symlink) {
    std::error_code error;
    const fs::path target = fs::canonical(path, error);
    if (error) refuse(path, "is a symlink that leads nowhere");
    const std::optional<fs::path> blobs = blobs_of(dir);
    if (!blobs || target.parent_path() != *blobs) {
      refuse(path,
             "is a symlink that leaves the model folder (only those into blobs/ of its own repository are followed)");
    }
    if (type_of(target) != fs::file_type::regular) refuse(path, "not a regular file");
  } else if (type != fs::file_type::regular) {
    refuse(path, "not a regular file");
  }
  return path;
}

fs::path model_subfolder(const fs::path& dir, std::string_view name) {
  const fs::path path = checked_path(dir, name);
  const fs::file_type type = type_of(path);
  if (type == fs::file_type::symlink) refuse(path, "is a symlink; a component's folder must be a real one");
  if (type != fs::file_type::directory) refuse(path, "not a folder");
  return path;
}

bool is_present(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

}  // namespace zimage::io
