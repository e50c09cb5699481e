// The log's file: opened once, appended to by one write a message, so that several processes may share it.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <filesystem>
#include <mutex>

namespace zimage::log {

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Throws Error(io) naming the file.
  explicit FileSink(const std::filesystem::path& file);
  ~FileSink() override;

 protected:
  // Throws spdlog_ex the first time that the file takes no more, such as of a full disk.
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  std::filesystem::path file_;
  int descriptor_;
  bool has_failed_ = false;
};

}  // namespace zimage::log
