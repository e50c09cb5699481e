#include "zimage/error.h"

#include "base/name_index.h"
#include "base/text.h"
#include "io/json_visitor.h"

namespace zimage::io {
namespace {

void refuse_duplicates(const Json::Object& object, std::string_view source) {
  const auto name_at = [&](std::size_t i) -> std::string_view { return object[i].first; };
  if (const auto twice = NameIndex(object.size(), name_at).duplicate(name_at)) {
    throw Error(ErrorKind::model, printable(source) + ": duplicate key \"" + printable(name_at(*twice), 200) + "\"");
  }
}

}  // namespace

void JsonBuilder::end_object() {
  refuse_duplicates(*open_.back().container.as<Json::Object>(), source_);
  close();
}

void JsonBuilder::add(Json::Value value) {
  if (open_.empty()) {
    root_ = Json(std::move(value));
  } else if (auto* object = open_.back().container.as<Json::Object>()) {
    object->emplace_back(std::move(open_.back().key), Json(std::move(value)));
  } else {
    open_.back().container.as<Json::Array>()->emplace_back(std::move(value));
  }
}

void JsonBuilder::close() {
  Json closed = std::move(open_.back().container);
  open_.pop_back();
  add(std::move(closed).take());
}

}  // namespace zimage::io
