// zimage tokenize: the token ids that the text encoder sees.
#include "zimage/error.h"

#include "app/command.h"
#include "app/json_values.h"
#include "app/model_folder.h"
#include "app/options.h"
#include "app/output.h"
#include "app/prompt_file.h"
#include "base/log.h"
#include "base/text.h"
#include "checkpoint/places.h"
#include "config/parse.h"
#include "text/tokenizer.h"

#include <memory>

namespace zimage::app {
namespace {

struct TokenizeArguments {
  ModelChoice model;
  std::optional<std::string> prompt, prompt_file;
  bool literal_prompt = false;
  bool json = false;
  LogArguments log;
};

std::string prompt_of(const TokenizeArguments& a) {
  if (a.prompt && a.prompt_file) throw Error(ErrorKind::usage, "--prompt-file: not together with --prompt");
  if (a.prompt_file) return read_prompt_file(*a.prompt_file);
  if (!a.prompt) throw Error(ErrorKind::usage, "--prompt or --prompt-file is required");
  config::check_prompt_text("--prompt", *a.prompt);
  return *a.prompt;
}

std::string as_json(const PromptTokens& tokens) {
  io::Json::Array ids, pieces;
  for (const std::int32_t id : tokens.ids) ids.push_back(json(id));
  for (const std::string& piece : tokens.pieces) pieces.push_back(json(piece));
  io::Json::Object members{{"ids", io::Json(std::move(ids))},
                           {"tokens", io::Json(std::move(pieces))},
                           {"truncated", io::Json(tokens.truncated)}};
  return io::to_string(io::Json(std::move(members))) + "\n";
}

std::string as_lines(const PromptTokens& tokens) {
  std::string lines;
  for (std::size_t i = 0; i < tokens.ids.size(); ++i) {
    const std::string id = std::to_string(tokens.ids[i]);
    lines += std::string(id.size() < 6 ? 6 - id.size() : 0, ' ') + id + "  " + printable(tokens.pieces[i]) + "\n";
  }
  return lines;
}

void run_tokenize(const TokenizeArguments& arguments) {
  apply(arguments.log);
  const std::string prompt = prompt_of(arguments);
  const ModelFolder model = find_model(arguments.model);
  const Tokenizer tokenizer(find_tokenizer(model.dir, model.components));
  const PromptTokens tokens =
      tokenizer.encode_prompt(prompt, arguments.literal_prompt ? SpecialTokens::literal : SpecialTokens::parse);
  print(arguments.json ? as_json(tokens) : as_lines(tokens));
  if (tokens.truncated) {
    log::warning("prompt cut at " + std::to_string(Tokenizer::kMaxTokens) + " tokens; dropped: " + tokens.dropped);
  }
  if (tokens.has_special_tokens) {
    log::warning("the prompt holds special tokens, which steer the model (--literal-prompt takes them as text)");
  }
}

}  // namespace

Command tokenize_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("tokenize", "Print the token ids of a prompt, chat template included, cut at 512 tokens");
  command->footer("Example:\n  zimage tokenize --prompt \"a red circle\" --json\n");
  const auto arguments = std::make_shared<TokenizeArguments>();
  add_model_options(*command, arguments->model);
  add_text_option(*command, arguments->prompt, {"--prompt", "TEXT", "The text"});
  add_text_option(*command, arguments->prompt_file,
                  {"--prompt-file", "FILE", "A UTF-8 text file, instead of --prompt"});
  command->add_flag("--literal-prompt", arguments->literal_prompt,
                    "Take special tokens such as <|im_end|> as plain text");
  command->add_flag("--json", arguments->json, R"(One line: {"ids": [...], "tokens": [...], "truncated": false})");
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_tokenize(*arguments); }};
}

}  // namespace zimage::app
