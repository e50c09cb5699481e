// The text that Qwen3's chat template makes of one prompt: a turn of the user, then the start of the assistant's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zimage::text {

inline constexpr std::string_view kTurnStart = "<|im_start|>";
inline constexpr std::string_view kTurnEnd = "<|im_end|>";

struct ChatText {
  std::string text;
  std::size_t prompt_begin = 0, prompt_end = 0;  // where the prompt stands in it
};

// The prompt goes in as it is, not trimmed. Thinking stays enabled, which adds nothing.
inline ChatText apply_chat_template(std::string_view prompt) {
  ChatText chat;
  chat.text.append(kTurnStart).append("user\n");
  chat.prompt_begin = chat.text.size();
  chat.text.append(prompt);
  chat.prompt_end = chat.text.size();
  chat.text.append(kTurnEnd).append("\n").append(kTurnStart).append("assistant\n");
  return chat;
}

}  // namespace zimage::text
