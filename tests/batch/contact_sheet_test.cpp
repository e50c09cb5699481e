// Contact sheets, and the PNG reader that they need.
#include "batch/contact_sheet.h"

#include "batch/report.h"
#include "io/png.h"
#include "io/png_pixels.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <random>

namespace zimage::batch {
namespace {

using test::TempDir;

Image noise(int width, int height) {
  std::mt19937 random(1);  // NOLINT: the same each time
  Image image{width, height, {}};
  int value = 0;
  for (int i = 0; i < width * height * 3; ++i) {
    value += static_cast<int>(random() % 9) - 4;  // smooth enough that every filter is taken somewhere
    image.rgb.push_back(static_cast<std::uint8_t>(i % 1000 < 500 ? value : static_cast<int>(random())));
  }
  return image;
}

Image plain(int width, int height, std::uint8_t value) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), value)};
}

TEST(ReadPng, gives_back_the_pixels) {
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(3, 2), std::pair(64, 48), std::pair(257, 131)}) {
    const Image image = noise(width, height);
    const Image read = io::read_png(io::png_bytes(image, {}), "x.png");
    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.height, height);
    EXPECT_EQ(read.rgb, image.rgb);
  }
}

TEST(ReadPng, damaged_files_are_refused) {
  const std::string png = io::png_bytes(noise(8, 8), {});
  for (std::size_t bytes = 0; bytes < png.size(); ++bytes) {
    test::expect_error(ErrorKind::model, {"x.png: PNG: "}, [&] { io::read_png(png.substr(0, bytes), "x.png"); });
  }
  for (std::size_t at = 8; at < png.size() - 12; ++at) {
    std::string flipped = png;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    test::expect_error(ErrorKind::model, {"x.png: PNG: "}, [&] { io::read_png(flipped, "x.png"); });
  }
}

TEST(Thumbnail, averages_and_keeps_the_aspect) {
  Image stripes = plain(8, 4, 0);
  for (std::size_t i = 0; i < stripes.rgb.size(); i += 6)
    stripes.rgb[i] = stripes.rgb[i + 1] = stripes.rgb[i + 2] = 200;
  const Image small = thumbnail(stripes, 4);
  EXPECT_EQ(small.width, 4);
  EXPECT_EQ(small.height, 2);
  EXPECT_EQ(small.rgb, plain(4, 2, 100).rgb);
  EXPECT_EQ(thumbnail(stripes, 8).rgb, stripes.rgb);
  EXPECT_EQ(thumbnail(plain(1000, 1, 7), 10).rgb, plain(10, 1, 7).rgb);
}

JournalEntry entry(std::uint64_t index, Status status) {
  JournalEntry entry;
  entry.job = {index, 1, {}, std::to_string(index) + ".png"};
  entry.status = status;
  return entry;
}

TEST(ContactSheet, cells_hold_the_pictures_in_order) {
  const TempDir dir;
  dir.write("0.png", io::png_bytes(plain(512, 512, 10), {}));
  dir.write("1.png", io::png_bytes(plain(512, 512, 20), {}));
  dir.write("3.png", "no picture");
  const Image sheet = sheet_image(
      {entry(0, Status::done), entry(1, Status::done), entry(2, Status::failed), entry(3, Status::done)}, dir.path());
  EXPECT_EQ(sheet.width, 512);
  EXPECT_EQ(sheet.height, 512);
  const auto at = [&](std::size_t x, std::size_t y) { return sheet.rgb[3 * (y * 512 + x)]; };
  EXPECT_EQ(at(0, 0), 10);
  EXPECT_EQ(at(256, 255), 20);
  EXPECT_EQ(at(0, 256), 255) << "what cannot be read";
  EXPECT_EQ(at(256, 256), 255);
  EXPECT_EQ(sheet_image({}, dir.path()).rgb.size(), 256U * 256 * 3);
}

TEST(ContactSheet, P11_captions_are_text) {
  JournalEntry evil = entry(0, Status::done);
  evil.job.request.prompt = "<script>alert('1')</script>\"&\x1b[31m\n";
  evil.job.file = "a b#?.png";
  const std::string page = sheet_html({evil, entry(1, Status::failed)}, "../x/");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\\x1b[31m\\n"), std::string::npos);
  EXPECT_NE(page.find("src=\"../x/a%20b%23%3F.png\""), std::string::npos);
  EXPECT_EQ(page.find("1.png"), std::string::npos);
}

TEST(ContactSheet, links_lead_from_the_page_to_the_pictures) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "out");
  std::filesystem::create_directories(dir / "pages");
  const auto link = [&](const std::string& page) {
    write_contact_sheet(dir / page, dir / "out", {entry(0, Status::done)}, io::Overwrite::no);
    const std::string text = test::content_of(dir / page);
    const std::size_t begin = text.find("src=\"") + 5;
    return text.substr(begin, text.find('"', begin) - begin);
  };
  EXPECT_EQ(link("all.html"), "out/0.png");
  EXPECT_EQ(link("pages/all.html"), "../out/0.png");
  EXPECT_EQ(link("out/all.html"), "0.png");
}

TEST(Report, adds_up_all_shards) {
  const TempDir dir;
  for (const std::uint64_t index : {0, 2}) {
    Journal journal = Journal::create(dir.path(), {.shard = {index, 3}});
    JournalEntry done = entry(index, Status::done);
    done.seconds = 1.5;
    done.bytes = 4;
    done.sha256 = std::string(64, '0');
    journal.append(done);
    JournalEntry failed = entry(index + 3, Status::failed);
    failed.error = "not finite";
    journal.append(failed);
  }
  dir.write("0.png", "1234");
  const Report report = read_report(dir.path());
  EXPECT_EQ(report.drawn(), 2U);
  EXPECT_EQ(report.failed(), 2U);
  EXPECT_EQ(report.seconds(), 3);
  EXPECT_EQ(report.bytes(), 8U);
  EXPECT_FALSE(report.is_whole());
  EXPECT_EQ(report_text(report),
            "2 journals: 2 drawn, 2 failed\n1.50 s an image, 3.0 s in all; 0.0 MiB of pictures\n"
            "shard 1/3: no journal\nimage 2 (line 1, 2.png): its file is missing or of another size\n"
            "image 3 (line 1, 3.png): not finite\nimage 5 (line 1, 5.png): not finite\n");
  EXPECT_EQ(report_json(report),
            "{\"journals\":[\"zimage-journal-0-of-3.jsonl\",\"zimage-journal-2-of-3.jsonl\"],"
            "\"missing_shards\":[\"1/3\"],\"drawn\":2,\"failed\":[{\"index\":3,\"line\":1,\"file\":\"3.png\",\"error\":"
            "\"not finite\"},{\"index\":5,\"line\":1,\"file\":\"5.png\",\"error\":\"not finite\"}],\"damaged\":[2],"
            "\"seconds\":3.0,\"bytes\":8}\n");
}

}  // namespace
}  // namespace zimage::batch
