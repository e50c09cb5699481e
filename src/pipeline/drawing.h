// Draws what a window has no outcome for yet: encodes all of its prompts, then denoises, batch by batch, and decodes.
// The VAE never leaves the device, so an image need not wait for those that are denoised after it.
#pragma once

#include "pipeline/denoise.h"
#include "pipeline/stage_recorder.h"
#include "pipeline/studio.h"
#include "pipeline/window.h"

#include <future>

namespace zimage {

class Drawing {
 public:
  // Both outlive this.
  Drawing(Studio& studio, Window& window);

  // Throws what stops the window: Error(memory), Error(device), Cancelled.
  void run();

 private:
  using TokenIds = PromptCache::TokenIds;

  // What came over the link in a stage, until its seconds are known.
  struct Lap {
    Stage stage;
    std::uint64_t bytes = 0;
  };

  void draw_groups();
  void encode();
  void draw(const Group& group, const std::vector<at::Tensor>& noise);
  // steps: the latents before the first evaluation and after each, [C, H, W] on the host; none where nobody asked.
  void finish(Item& item, const at::Tensor& latents, const std::vector<at::Tensor>& steps, const VaeDecoder& decoder);
  void decode_steps(Item& item, const std::vector<at::Tensor>& steps, const VaeDecoder& decoder);
  // Of all images of the group, [C, H, W] each, on the CPU where it is made there: while the device does something
  // else.
  std::future<std::vector<at::Tensor>> make_noise(const Group& group) const;
  DenoiseInput input_of(const Group& group, const std::vector<at::Tensor>& noise) const;
  // What the window is going to use of the weights. Waits for all of them.
  Visits visits() const;
  void end_lap(Stage stage);
  // After the device is through with the stages that were recorded: asked for earlier, their times would keep it
  // waiting.
  void take_times();

  Studio& studio_;
  Window& window_;
  std::vector<Group> groups_;
  std::vector<std::vector<TokenIds>> passes_;  // prompts that go through the encoder together
  std::vector<TextEncoder::Passing> entered_;  // the first pass
  int images_ = 0;
  std::vector<Lap> laps_;
  std::optional<StageRecorder> encode_recorder_, denoise_recorder_;  // until their times are taken
  Profile profile_;  // of the window's encode stage and the batch's denoise stage
};

}  // namespace zimage
