// What programs read: every line that the executable logs as JSON is as docs/logging.md has it.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "support/temp_dir.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

struct Member {
  std::string type;
  bool required = true;
};
using Schema = std::map<std::string, std::map<std::string, Member>>;  // by event, then member

std::string unquoted(std::string cell) {
  std::erase(cell, '`');
  const std::size_t first = cell.find_first_not_of(' ');
  return first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream text(row.substr(1));
  for (std::string cell; std::getline(text, cell, '|');) cells.push_back(unquoted(cell));
  return cells;
}

// The table of the documentation.
Schema documented() {
  Schema schema;
  std::string event;
  std::istringstream text(test::content_of(ZIMAGE_SOURCE_DOCS "/logging.md"));
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("| ") || line.starts_with("| event")) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (!cells[0].empty()) event = cells[0];
    schema[event];
    if (cells[1].empty()) continue;
    const std::string type = cells[2].substr(0, cells[2].find(','));
    schema[event][cells[1]] = {type, type == cells[2]};
  }
  return schema;
}

bool is_a(const io::Json& value, const std::string& type) {
  if (type == "number") return value.type_name() == "number" || value.type_name() == "integer";
  return value.type_name() == type;
}

void expect_members(const io::Json& json, const std::map<std::string, Member>& members, const std::string& line) {
  for (const auto& [name, member] : members) {
    const io::Json* const value = json.find(name);
    if (value == nullptr) {
      EXPECT_FALSE(member.required) << "no " << name << ": " << line;
    } else {
      EXPECT_TRUE(is_a(*value, member.type)) << name << " is no " << member.type << ": " << line;
    }
  }
}

const std::string& text_of(const io::Json& json, const char* member) { return *json.find(member)->as<std::string>(); }

// Holds every line against the table; the names of the events, in order.
std::vector<std::string> events_of(const std::string& log) {
  static const Schema schema = documented();
  static const std::regex time("[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z");
  static const std::set<std::string> levels{"debug", "info", "warning", "error"};
  std::vector<std::string> events;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const io::Json json = io::parse_json(line, "log");
    expect_members(json, schema.at("every one"), line);
    const std::string event = text_of(json, "event");
    EXPECT_TRUE(std::regex_match(text_of(json, "time"), time)) << line;
    EXPECT_EQ(levels.count(text_of(json, "level")), 1U) << line;
    EXPECT_EQ(schema.count(event), 1U) << line;
    if (schema.count(event) == 0) continue;
    expect_members(json, schema.at(event), line);
    for (const auto& [name, value] : *json.as<io::Json::Object>()) {
      EXPECT_TRUE(schema.at(event).count(name) + schema.at("every one").count(name) == 1) << name << ": " << line;
    }
    events.push_back(event);
  }
  return events;
}

long count_of(const std::vector<std::string>& events, const std::string& event) {
  return std::count(events.begin(), events.end(), event);
}

Outcome run(const TempDir& dir, std::vector<std::string> arguments) {
  const std::vector<std::string> small{"--log-format", "json", "--model", ZIMAGE_TEST_DATA "/parity/square",
                                       "--device",     "cpu",  "--width", "32",
                                       "--height",     "32",   "--steps", "5"};
  arguments.insert(arguments.end(), small.begin(), small.end());
  return test::run_zimage({arguments, dir.path()});
}

TEST(LogEvents, the_table_is_read) {
  const Schema schema = documented();
  EXPECT_EQ(schema.size(), 10U);
  EXPECT_EQ(schema.at("step").at("seconds").type, "number");
  EXPECT_FALSE(schema.at("image").at("peak_device_bytes").required);
}

TEST(LogEvents, of_generate) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"generate", "--prompt", "", "--seed", "1"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "result.png\n");
  const std::vector<std::string> events = events_of(outcome.err);
  EXPECT_EQ(count_of(events, "plan"), 1) << outcome.err;
  EXPECT_EQ(count_of(events, "load"), 3) << outcome.err;
  EXPECT_EQ(count_of(events, "warning"), 1) << outcome.err;
  EXPECT_EQ(count_of(events, "step"), 6) << outcome.err;  // encode, four evaluations, decode
  EXPECT_EQ(count_of(events, "image"), 1) << outcome.err;
  EXPECT_EQ(events.back(), "image") << outcome.err;
}

TEST(LogEvents, of_generate_with_everything_said) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"generate", "--prompt", "x", "--verbose", "--profile"});
  test::expect_success(outcome);
  const std::vector<std::string> events = events_of(outcome.err);
  EXPECT_GT(count_of(events, "milestone"), 3) << outcome.err;
  EXPECT_GT(count_of(events, "message"), 3) << outcome.err;
}

TEST(LogEvents, of_a_batch) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\n");
  const Outcome outcome = run(dir, {"batch", "--prompts", "p.txt", "--out-dir", "out", "--seed", "1"});
  test::expect_success(outcome);
  const std::vector<std::string> events = events_of(outcome.err);
  EXPECT_EQ(count_of(events, "image"), 2) << outcome.err;
  EXPECT_EQ(events.back(), "batch") << outcome.err;
}

TEST(LogEvents, of_failures) {
  const TempDir dir;
  const auto error_of = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome = run(dir, arguments);
    const std::vector<std::string> events = events_of(outcome.err);
    EXPECT_EQ(events.back(), "error") << outcome.err;
    const std::size_t last = outcome.err.rfind('\n', outcome.err.size() - 2);
    const io::Json json = io::parse_json(outcome.err.substr(last == std::string::npos ? 0 : last + 1), "log");
    EXPECT_EQ(*json.find("code")->as<std::int64_t>(), outcome.exit_code);
    return text_of(json, "kind");
  };
  EXPECT_EQ(error_of({"generate", "--prompt", "x", "--count", "0"}), "usage");
  EXPECT_EQ(error_of({"generate", "--no-such-option"}), "usage");
  EXPECT_EQ(error_of({"generate", "--prompt", "x", "--out", "no/x.png"}), "io");
}

TEST(LogEvents, quiet_says_nothing_of_a_run_without_faults) {
  const TempDir dir;
  EXPECT_EQ(run(dir, {"generate", "--prompt", "x", "--quiet"}).err, "");
}

TEST(LogFile, has_what_standard_error_has) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"generate", "--prompt", "x", "--seed", "1", "--log-file", "log"});
  test::expect_success(outcome);
  EXPECT_EQ(test::content_of(dir / "log"), outcome.err);
  const Outcome second = run(dir, {"generate", "--prompt", "x", "--no-such-option", "--log-file", "log"});
  EXPECT_EQ(test::content_of(dir / "log"), outcome.err + second.err);
}

TEST(LogFile, that_cannot_be_opened_is_an_error) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "log");
  for (const char* const command : {"devices", "inspect", "doctor"}) {
    const Outcome outcome = test::run_zimage({{command, "--log-file", "log"}, dir.path()});
    test::expect_refused(outcome, 4, {"--log-file log", "Is a directory"});
  }
  const Outcome outcome = run(dir, {"generate", "--prompt", "x", "--log-file", "no/log"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(events_of(outcome.err), std::vector<std::string>{"error"});
}

}  // namespace
}  // namespace zimage
