// `zimage generate` with everything that measures, on a tiny checkpoint on the CPU.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "support/temp_dir.h"
#include "support/xml.h"

#include <sstream>

namespace zimage {
namespace {

using test::content_of;
using test::expect_success;
using test::Outcome;
using test::TempDir;

std::vector<std::string> generate(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"generate", "--model",   ZIMAGE_TEST_DATA "/parity/square",
                                     "--device", "cpu",       "--prompt",
                                     "x",        "--threads", "2",
                                     "--width",  "64",        "--height",
                                     "48",       "--out",     "x.png"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream cells(line + ",");
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

TEST(ProfileFiles, table_json_csv_and_plot_of_one_run) {
  const TempDir dir;
  const Outcome outcome = test::run_zimage(
      {generate({"--profile=p.json", "--profile-csv", "p.csv", "--profile-plot", "p.svg"}), dir.path()});
  expect_success(outcome);
  EXPECT_EQ(dir.entries(), 4U);
  EXPECT_NE(outcome.err.find("denoise"), std::string::npos) << outcome.err;
  const io::Json json = io::parse_json(content_of(dir / "p.json"), "p.json");
  EXPECT_GT(*json.find("images")->as<io::Json::Array>()->at(0).find("host_mib")->as<double>(), 10);

  const std::vector<std::vector<std::string>> rows = rows_of(content_of(dir / "p.csv"));
  ASSERT_GT(rows.size(), 4U);
  std::vector<std::string> stages;
  double last = -1;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 6U);
    EXPECT_GE(std::stod(rows[i][0]), last);
    last = std::stod(rows[i][0]);
    EXPECT_EQ(rows[i][2], "");  // no device
    EXPECT_GT(std::stod(rows[i][5]), 10) << "MiB of the process";
    if (!rows[i][1].empty() && (stages.empty() || stages.back() != rows[i][1])) stages.push_back(rows[i][1]);
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"load", "encode", "load", "denoise", "decode"}));

  std::vector<std::string> bands;
  for (const test::XmlElement& element : test::parse_xml(content_of(dir / "p.svg"))) {
    const auto kind = element.attributes.find("class");
    if (kind != element.attributes.end() && kind->second.starts_with("stage ")) bands.push_back(kind->second.substr(6));
  }
  ASSERT_GE(bands.size(), 2U);
  EXPECT_EQ(bands.front(), "load");
  EXPECT_EQ(bands.back(), "decode");
}

TEST(ProfileFiles, a_plot_alone_measures_and_force_replaces) {
  const TempDir dir;
  dir.write("p.svg", "old");
  const Outcome outcome = test::run_zimage({generate({"--profile-plot", "p.svg", "--force"}), dir.path()});
  expect_success(outcome);
  EXPECT_NE(outcome.err.find("medians of 1 images"), std::string::npos) << outcome.err;
  EXPECT_FALSE(test::parse_xml(content_of(dir / "p.svg")).empty());
  EXPECT_EQ(dir.entries(), 2U);
}

}  // namespace
}  // namespace zimage
