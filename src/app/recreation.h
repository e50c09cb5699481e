// A picture made again from what it says of itself, and what is not as it was then.
#pragma once

#include "app/metadata.h"
#include "app/picture_record.h"
#include "config/config.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace zimage::app {

// Where the model is to run, as far as that is said.
struct DeviceWish {
  std::optional<std::string> flag, file;  // auto, cpu, cuda or cuda:N
  bool has_gpu = false;                   // what "auto" takes
};

class Recreation {
 public:
  // Throws as read_picture_record does.
  explicit Recreation(const std::filesystem::path& picture);

  // The options that give the same picture, where this machine can: type, attention and levers only where it is drawn
  // on the same kind of device, and of the levers only those that were in use, so that the others need not fit.
  std::vector<config::Entry> settings(const DeviceWish& wish) const;

  // What cannot be made the same whatever the machine; each one line.
  std::vector<std::string> warnings() const;
  // What of the program, the model and the machine is not as it was; each one line.
  std::vector<std::string> differences(const RunRecord& run) const;
  // The same of the plan of an image.
  std::vector<std::string> differences(const GenerationRecord& record) const;

 private:
  const std::string* text(std::string_view member) const;

  std::string picture_;  // as messages name it
  PictureRecord record_;
};

}  // namespace zimage::app
