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

}  // namespace zimage
