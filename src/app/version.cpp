#include "app/version.h"

#include "runtime/device.h"

namespace zimage::app {

std::string version_text() {
  const LibraryVersions versions = library_versions();
  return "zimage " ZIMAGE_VERSION "\nLibTorch " + versions.torch + "\nCUDA " + versions.cuda + "\ncuDNN " +
         versions.cudnn;
}

}  // namespace zimage::app
