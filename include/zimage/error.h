// The one exception type that leaves this library for a failure that the user or the machine caused.
#pragma once

#include <stdexcept>
#include <string>

/// Everything that a program calls.
namespace zimage {

/// The kinds of failure a caller can act on; the values are the executable's exit codes.
enum class ErrorKind {
  internal = 1,  ///< a defect of ours
  usage = 2,     ///< an argument that breaks its rule
  model = 3,     ///< a model or configuration file that breaks its format
  io = 4,        ///< the operating system refused a read or a write
  memory = 5,    ///< does not fit
  device = 6,    ///< no such device, or it failed
  numeric = 7,   ///< a result that is not finite
};

/// what() is one line naming the file or option, the field and the rule that it breaks.
class Error : public std::runtime_error {
 public:
  /// line: without an end of line.
  Error(ErrorKind kind, const std::string& line) : std::runtime_error(line), kind_(kind) {}
  ErrorKind kind() const { return kind_; }  ///< whose failure it was

 private:
  ErrorKind kind_;
};

}  // namespace zimage
