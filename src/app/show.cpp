// zimage show: how a picture was made, as it says itself.
#include "zimage/error.h"

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "app/picture_record.h"
#include "base/log.h"
#include "base/text.h"

#include <memory>

namespace zimage::app {
namespace {

struct ShowArguments {
  std::string picture;
  bool json = false;
  LogArguments log;
};

constexpr std::size_t kNameWidth = 28;

std::string value_text(const io::Json& value) {
  const std::string* const text = value.as<std::string>();
  return printable(text == nullptr ? io::to_string(value) : *text, std::string::npos);
}

// A line a member; those of an object within are named after it: "plan.vae_tiling".
std::string table(const io::Json& object, const std::string& prefix = "") {
  std::string lines;
  for (const auto& [name, value] : *object.as<io::Json::Object>()) {
    const std::string path = prefix + printable(name);
    if (value.as<io::Json::Object>() != nullptr && prefix.empty()) {
      lines += table(value, path + ".");
      continue;
    }
    lines += path;
    lines.append(path.size() < kNameWidth ? kNameWidth - path.size() : 1, ' ');
    lines += value_text(value);
    lines.erase(lines.find_last_not_of(' ') + 1);
    lines += '\n';
  }
  return lines;
}

void run_show(const ShowArguments& arguments) {
  apply(arguments.log);
  const PictureRecord record = read_picture_record(arguments.picture);
  if (record.is_foreign) log::info("not by zimage: what its text \"parameters\" says");
  print(arguments.json ? io::to_string(record.members) + "\n" : table(record.members));
}

}  // namespace

Command show_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("show", "Print how a picture was made: what its PNG says");
  command->footer("Example:\n  zimage show result.png\n");
  const auto arguments = std::make_shared<ShowArguments>();
  command
      ->add_option("PICTURE", arguments->picture, "A PNG by zimage, or with the text \"parameters\" of other programs")
      ->required()
      ->type_name("FILE");
  command->add_flag("--json", arguments->json, "One line of JSON, as it stands in the picture");
  add_log_options(*command, arguments->log);
  return {command, [arguments] { run_show(*arguments); }};
}

}  // namespace zimage::app
