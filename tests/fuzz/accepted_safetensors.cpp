// zimage_accepted_safetensors: reads one path a line and writes those of files that the program accepts, so that
// another reader of the format can be held against ours.
#include "zimage/error.h"

#include "io/safetensors.h"

#include <iostream>
#include <string>

int main() {
  for (std::string path; std::getline(std::cin, path);) {
    try {
      const zimage::io::SafetensorsFile file(path);
      std::cout << path << '\n';
    } catch (const zimage::Error&) {
    }
  }
  return 0;
}
