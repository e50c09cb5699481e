// Draws one prompt through the library and writes it as a PPM, the simplest picture format there is. Ctrl-C cancels.
#include <zimage/pipeline.h>

#include <csignal>
#include <fstream>
#include <iostream>

namespace {
volatile std::sig_atomic_t interrupted = 0;

bool show(const zimage::Progress& progress) {
  static constexpr const char* kStages[] = {"load", "encode", "denoise", "decode"};
  std::cerr << kStages[static_cast<int>(progress.stage)] << ' ' << progress.step << '/' << progress.steps << '\n';
  return interrupted == 0;  // false: generate throws Cancelled before the next step
}
}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) return std::cerr << "usage: embed MODEL_DIR PROMPT OUT.ppm\n", 2;
  std::signal(SIGINT, [](int) { interrupted = 1; });
  zimage::Pipeline pipeline({.model_dir = argv[1]});
  const zimage::Request request{.prompt = argv[2], .seed = 7};
  std::cerr << "plan: " << pipeline.plan(request).plan.levers << '\n';
  const zimage::Result result = pipeline.generate(request, show);
  const zimage::Image& image = result.image;
  std::ofstream out(argv[3], std::ios::binary);
  out << "P6\n" << image.width << ' ' << image.height << "\n255\n";
  out.write(reinterpret_cast<const char*>(image.rgb.data()), static_cast<std::streamsize>(image.rgb.size()));
  std::cerr << result.prompt_tokens << " tokens, " << result.profile.denoise.seconds << " s for the steps\n";
  return out.flush() ? 0 : 4;
} catch (const zimage::Error& error) {
  std::cerr << "embed: " << error.what() << '\n';
  return static_cast<int>(error.kind());
} catch (const zimage::Cancelled&) {
  return std::cerr << "embed: cancelled\n", 130;
}
