// JSON visitors for the two large members of a tokenizer: {"token": id, ...} and the list of merges.
#pragma once

#include "io/json_visitor.h"
#include "text/merge_list.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::text {

// Refuses every event; a reader overrides those that its format has.
class StrictReader : public io::JsonVisitor {
 public:
  explicit StrictReader(std::string source) : source_(std::move(source)) {}

  void null() override { unexpected("null"); }
  void boolean(bool) override { unexpected("a boolean"); }
  void integer(std::int64_t) override { unexpected("an integer"); }
  void big_integer(std::uint64_t) override { unexpected("an integer above 2^63"); }
  void number(double) override { unexpected("a number with a fraction"); }
  void string(std::string_view) override { unexpected("a string"); }
  void start_object() override { unexpected("an object"); }
  void key(std::string_view) override {}
  void end_object() override {}
  void start_array() override { unexpected("an array"); }
  void end_array() override {}

 protected:
  [[noreturn]] void refuse(const std::string& rule) const;  // throws Error(model)

 private:
  [[noreturn]] virtual void unexpected(const char* what) const = 0;

  std::string source_;
};

class VocabularyReader : public StrictReader {
 public:
  using StrictReader::StrictReader;

  void start_object() override;
  void key(std::string_view name) override;
  void integer(std::int64_t id) override;
  void end_object() override { is_open_ = false; }

  std::vector<std::string> take() { return std::move(tokens_); }  // by id; empty: the object gives this id to none

 private:
  [[noreturn]] void unexpected(const char* what) const override;

  std::vector<std::string> tokens_;
  std::string token_;  // the member whose id comes next
  bool is_open_ = false;
};

// Both spellings: ["left right", ...] and [["left", "right"], ...].
class MergesReader : public StrictReader {
 public:
  using StrictReader::StrictReader;

  void start_array() override;
  void string(std::string_view value) override;
  void end_array() override;

  MergeList take() { return std::move(merges_); }

 private:
  [[noreturn]] void unexpected(const char* what) const override;
  void add(std::string_view left, std::string_view right);

  MergeList merges_;
  std::array<std::string, 2> parts_;  // of the pair that is being read
  std::size_t part_count_ = 0;
  int depth_ = 0;
};

// The lines of a merges.txt, its line "#version: ..." left out. Throws Error(model) naming the line.
MergeList read_merge_lines(std::string_view lines, const std::string& source);

}  // namespace zimage::text
