// Draws one prompt through the library and writes it as a PPM, the simplest picture format there is.
#include <zimage/error.h>
#include <zimage/pipeline.h>

#include <fstream>
#include <iostream>

int main(int argc, char** argv) try {
  if (argc != 4) return std::cerr << "usage: embed MODEL_DIR PROMPT OUT.ppm\n", 2;
  zimage::Pipeline pipeline({.model_dir = argv[1]});
  const zimage::Image image = pipeline.generate({.prompt = argv[2], .seed = 7}).image;
  std::ofstream out(argv[3], std::ios::binary);
  out << "P6\n" << image.width << ' ' << image.height << "\n255\n";
  out.write(reinterpret_cast<const char*>(image.rgb.data()), static_cast<std::streamsize>(image.rgb.size()));
  return out.flush() ? 0 : 4;
} catch (const zimage::Error& error) {
  std::cerr << "embed: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
