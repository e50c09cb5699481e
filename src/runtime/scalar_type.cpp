#include "runtime/scalar_type.h"

#include "zimage/error.h"

namespace zimage {

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return at::kFloat;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    default:
      throw Error(ErrorKind::model, "weights of type " + std::string(safetensors_name(dtype)) + " are not supported");
  }
}

DType dtype_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return DType::f32;
    case at::kHalf:
      return DType::f16;
    case at::kBFloat16:
      return DType::bf16;
    case at::kDouble:
      return DType::f64;
    default:
      throw Error(ErrorKind::internal, std::string("no floating-point type: ") + c10::toString(type));
  }
}

}  // namespace zimage
