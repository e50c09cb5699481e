#include "io/safetensors_header.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/json_visitor.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdlib>
#include <optional>
#include <utility>

namespace zimage::io {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxRank = 8;
// The least that a tensor adds to a header.
constexpr std::size_t kMinEntryBytes =
    std::string_view(R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,0]},)").size();
constexpr std::uint64_t kMaxTensorBytes = std::uint64_t{1} << 48;

std::string quoted(std::string_view name) { return '"' + printable(name, 200) + '"'; }

[[noreturn]] void refuse(std::string_view source, const std::string& rule) {
  throw Error(ErrorKind::model, printable(source) + ": " + rule);
}

// A list of a few integers of at least 0, read element by element.
struct ShortList {
  std::array<std::int64_t, kMaxRank> values{};
  std::size_t size = 0;
  bool present = false;
};

// Follows {"name": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, .., "__metadata__": {"key": "text"}}
// event by event: a header of 100 MB must not become a tree of values first.
class HeaderReader : public JsonVisitor {
 public:
  HeaderReader(std::string_view json, std::string_view source, DataRange data) : source_(source), data_(data) {
    tensors_.reserve(json.size() / kMinEntryBytes + 1);  // memory that no tensor comes to is never touched
  }

  void null() override { refuse_value("null"); }
  void boolean(bool) override { refuse_value("a boolean"); }
  void number(double) override { refuse_value("a fraction or a number beyond 64 bits"); }
  void big_integer(std::uint64_t) override { refuse_value("a number beyond 63 bits"); }
  void integer(std::int64_t value) override;
  void string(std::string_view value) override;
  void start_object() override;
  void key(std::string_view name) override;
  void end_object() override;
  void start_array() override;
  void end_array() override { place_ = Place::tensor; }

  TensorInfos take() { return std::move(tensors_); }

 private:
  enum class Place { document, root, metadata, tensor, shape, offsets };
  enum class Field { none, dtype, shape, offsets };

  [[noreturn]] void refuse_here(const std::string& rule) const;
  [[noreturn]] void refuse_value(const std::string& what) const;
  void start_tensor(std::string_view name);
  void finish_tensor();
  std::uint64_t bytes_of_shape() const;

  std::string_view source_;
  DataRange data_;
  TensorInfos tensors_;
  bool has_metadata_ = false;

  Place place_ = Place::document;
  std::string name_;  // of the member of the root that is being read
  Field field_ = Field::none;
  std::optional<DType> dtype_;
  ShortList shape_, offsets_;
};

void HeaderReader::refuse_here(const std::string& rule) const {
  const bool inside = place_ != Place::document && place_ != Place::metadata && !name_.empty();
  refuse(source_, inside ? "tensor " + quoted(name_) + ": " + rule : "header: " + rule);
}

void HeaderReader::refuse_value(const std::string& what) const {
  switch (place_) {
    case Place::document:
      refuse_here("is " + what + ", not an object");
    case Place::root:
      refuse_here(what + " where an object with dtype, shape and data_offsets belongs");
    case Place::metadata:
      refuse_here("__metadata__ holds " + what + ", not strings only");
    case Place::tensor:
      refuse_here(std::string(field_ == Field::dtype   ? "dtype"
                              : field_ == Field::shape ? "shape"
                                                       : "data_offsets") +
                  " is " + what);
    case Place::shape:
      refuse_here("shape holds " + what + "; only integers of at least 0 are allowed");
    case Place::offsets:
      refuse_here("data_offsets holds " + what + "; only integers of at least 0 are allowed");
  }
  std::abort();  // the switch is complete
}

void HeaderReader::integer(std::int64_t value) {
  if (place_ != Place::shape && place_ != Place::offsets) refuse_value("an integer");
  if (value < 0) refuse_value("a negative number");
  ShortList& list = place_ == Place::shape ? shape_ : offsets_;
  if (place_ == Place::offsets && list.size == 2) refuse_here("data_offsets holds more than two numbers");
  if (list.size == kMaxRank) refuse_here("shape has more than " + std::to_string(kMaxRank) + " dimensions");
  list.values[list.size++] = value;
}

void HeaderReader::string(std::string_view value) {
  if (place_ == Place::metadata) return;
  if (place_ != Place::tensor || field_ != Field::dtype) refuse_value("a string");
  dtype_ = dtype_from_safetensors(value);
  if (!dtype_) refuse_here("dtype " + quoted(value) + " is not known");
}

void HeaderReader::start_object() {
  if (place_ == Place::document) {
    place_ = Place::root;
  } else if (place_ == Place::root && name_ == "__metadata__") {
    if (std::exchange(has_metadata_, true)) refuse(source_, "header: __metadata__ stands there twice");
    place_ = Place::metadata;
  } else if (place_ == Place::root) {
    place_ = Place::tensor;
    dtype_.reset();
    shape_ = offsets_ = ShortList();
  } else {
    refuse_value("an object");
  }
}

void HeaderReader::key(std::string_view name) {
  if (place_ == Place::metadata) return;
  if (place_ == Place::root) return start_tensor(name);
  field_ = name == "dtype"          ? Field::dtype
           : name == "shape"        ? Field::shape
           : name == "data_offsets" ? Field::offsets
                                    : Field::none;
  if (field_ == Field::none) refuse_here("field " + quoted(name) + " is not known");
  const bool twice = field_ == Field::dtype   ? dtype_.has_value()
                     : field_ == Field::shape ? shape_.present
                                              : offsets_.present;
  if (twice) refuse_here("field " + quoted(name) + " stands there twice");
}

void HeaderReader::start_tensor(std::string_view name) {
  name_ = name;
  if (name_.empty() || name_.size() > kMaxNameBytes) {
    refuse_here("a tensor's name has " + std::to_string(name_.size()) + " bytes; 1 to " +
                std::to_string(kMaxNameBytes) + " are allowed");
  }
  for (const char c : name_) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) refuse_here("its name holds a control character");
  }
}

void HeaderReader::start_array() {
  if (place_ != Place::tensor || field_ == Field::dtype) refuse_value("a list");
  place_ = field_ == Field::shape ? Place::shape : Place::offsets;
  (field_ == Field::shape ? shape_ : offsets_).present = true;
}

void HeaderReader::end_object() {
  if (place_ == Place::tensor) finish_tensor();
  place_ = place_ == Place::root ? Place::document : Place::root;
}

// Zero dimensions count as one in the bound, so that a tensor without elements cannot hide a product that overflows.
std::uint64_t HeaderReader::bytes_of_shape() const {
  std::uint64_t bound = dtype_bytes(*dtype_);
  bool empty = false;
  for (std::size_t i = 0; i < shape_.size; ++i) {
    const auto dimension = static_cast<std::uint64_t>(shape_.values[i]);
    empty |= dimension == 0;
    if (dimension > 0 && bound > kMaxTensorBytes / dimension) refuse_here("its shape is larger than any file");
    bound *= std::max<std::uint64_t>(dimension, 1);
  }
  return empty ? 0 : bound;
}

void HeaderReader::finish_tensor() {
  if (!dtype_) refuse_here("field \"dtype\" is missing");
  if (!shape_.present) refuse_here("field \"shape\" is missing");
  if (offsets_.size != 2) refuse_here("field \"data_offsets\" must be two integers");
  const auto begin = static_cast<std::uint64_t>(offsets_.values[0]);
  const auto end = static_cast<std::uint64_t>(offsets_.values[1]);
  if (end < begin) refuse_here("data_offsets end before they begin");
  if (end > data_.bytes) {
    refuse_here("ends at byte " + std::to_string(end) + " of the data, which has " + std::to_string(data_.bytes) +
                " (is the file truncated?)");
  }
  const std::uint64_t bytes = bytes_of_shape();
  if (end - begin != bytes) {
    refuse_here("shape and dtype need " + std::to_string(bytes) + " bytes, data_offsets give " +
                std::to_string(end - begin));
  }
  TensorInfo& tensor = tensors_.emplace_back();
  tensor.name = std::move(name_);
  tensor.dtype = *dtype_;
  tensor.shape.assign(shape_.values.begin(), shape_.values.begin() + static_cast<std::ptrdiff_t>(shape_.size));
  tensor.offset = data_.start + begin;
  tensor.bytes = bytes;
}

// What the tensors are sorted by, without the tensors: they would be moved dozens of times.
struct Extent {
  std::uint64_t offset;
  std::size_t position;  // in the header

  auto operator<=>(const Extent&) const = default;
};

// The tensors that have bytes, by their place in the file.
HugeVector<Extent> sorted_extents(const TensorInfos& tensors) {
  HugeVector<Extent> extents;
  extents.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].bytes > 0) extents.push_back({tensors[i].offset, i});
  }
  if (!std::is_sorted(extents.begin(), extents.end())) std::sort(extents.begin(), extents.end());
  return extents;
}

// The tensors that have bytes as `extents` lists them, then those without in the order of the header. They lie all over
// the memory, so the next ones are asked for ahead.
TensorInfos in_order(TensorInfos&& tensors, const HugeVector<Extent>& extents) {
  bool in_place = true;
  for (std::size_t i = 0; i < extents.size() && in_place; ++i) in_place = extents[i].position == i;
  if (in_place) return std::move(tensors);
  constexpr std::size_t kAhead = 16;
  TensorInfos sorted;
  sorted.reserve(tensors.size());
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const TensorInfo* const later = &tensors[extents[std::min(i + kAhead, extents.size() - 1)].position];
    __builtin_prefetch(later);
    __builtin_prefetch(&later->bytes);  // may be of another cache line
    sorted.push_back(std::move(tensors[extents[i].position]));
  }
  for (TensorInfo& tensor : tensors) {
    if (tensor.bytes == 0) sorted.push_back(std::move(tensor));
  }
  return sorted;
}

// Tensors with bytes follow each other from the first byte of the data to the last; one without stands between two.
void check_layout(const TensorInfos& tensors, const HugeVector<Extent>& extents, std::string_view source,
                  DataRange data) {
  const auto misplaced = [&](const TensorInfo& tensor, std::string_view what) {
    refuse(source, "tensor " + quoted(tensor.name) + ": its data_offsets " + std::string(what));
  };
  std::uint64_t expected = data.start;
  for (const auto& [offset, position] : extents) {
    if (offset < expected) misplaced(tensors[position], "overlap another tensor's");
    if (offset > expected) misplaced(tensors[position], "leave a hole before it");
    expected = offset + tensors[position].bytes;
  }
  const std::uint64_t rest = data.start + data.bytes - expected;
  if (rest > 0) refuse(source, std::to_string(rest) + " bytes after the last tensor");
  for (const TensorInfo& tensor : tensors) {
    if (tensor.bytes > 0 || tensor.offset == data.start || tensor.offset == expected) continue;
    const auto next = std::lower_bound(extents.begin(), extents.end(), Extent{tensor.offset, 0});
    if (next == extents.end() || next->offset != tensor.offset) misplaced(tensor, "overlap another tensor's");
  }
}

}  // namespace

TensorInfos parse_safetensors_header(std::string_view json, std::string_view source, DataRange data) {
  HeaderReader reader(json, source, data);
  visit_json(json, source, {.max_depth = 3}, reader);
  TensorInfos tensors = reader.take();
  const HugeVector<Extent> extents = sorted_extents(tensors);
  check_layout(tensors, extents, source, data);
  return in_order(std::move(tensors), extents);
}

}  // namespace zimage::io
