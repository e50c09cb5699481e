#include "app/translation.h"

#include "app/display_width.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace zimage::app {
namespace {

TEST(Language, as_posix_has_it) {
  const auto is_chinese = [](const LocaleSettings& settings) { return language_of(settings) == Language::chinese; };
  EXPECT_TRUE(is_chinese({.lang = "zh_CN.UTF-8"}));
  EXPECT_TRUE(is_chinese({.lang = "zh_TW.utf8@radical"}));
  EXPECT_TRUE(is_chinese({.lang = "zh"}));
  EXPECT_FALSE(is_chinese({.lang = "en_US.UTF-8"}));
  EXPECT_FALSE(is_chinese({}));
  EXPECT_FALSE(is_chinese({.lang = "zha_CN.UTF-8"}));   // Zhuang
  EXPECT_FALSE(is_chinese({.lang = "zh_CN.GB18030"}));  // the catalogue is UTF-8
  EXPECT_TRUE(is_chinese({.lc_all = "zh_CN.UTF-8", .lc_messages = "en_US.UTF-8", .lang = "en_US.UTF-8"}));
  EXPECT_FALSE(is_chinese({.lc_all = "en_US.UTF-8", .lc_messages = "zh_CN.UTF-8", .lang = "zh_CN.UTF-8"}));
  EXPECT_TRUE(is_chinese({.lc_messages = "zh_CN.UTF-8", .lang = "en_US.UTF-8"}));
  EXPECT_FALSE(is_chinese({.lc_all = "C", .lang = "zh_CN.UTF-8", .language = "zh"}));
  EXPECT_TRUE(is_chinese({.lang = "en_US.UTF-8", .language = "zh_CN:en"}));
  EXPECT_FALSE(is_chinese({.lang = "zh_CN.UTF-8", .language = "en:zh"}));
  EXPECT_TRUE(is_chinese({.lang = "de_DE.UTF-8", .language = "de:zh_CN"}));
}

TEST(Template, holes_take_what_stands_there) {
  const MessageTemplate seeds("seed {} of {}", "{1} 中的 {0}");
  std::vector<std::string_view> captures;
  EXPECT_TRUE(seeds.match("seed 5 of 9 of 12", captures));
  EXPECT_EQ(captures, (std::vector<std::string_view>{"5", "9 of 12"}));
  EXPECT_FALSE(seeds.match("seed  of ", captures));  // nothing in the last hole
  EXPECT_FALSE(seeds.match("a seed 5 of 9", captures));
  EXPECT_EQ(seeds.filled({"5", "9"}), "9 中的 5");
  EXPECT_TRUE(MessageTemplate("{} is {index}", "").match("x is {index}", captures));
  EXPECT_TRUE(MessageTemplate("a{}b", "").match("abab", captures));  // not the first b, which would leave "ab"
}

TEST(Catalogue, the_most_specific_template_wins_and_parts_are_looked_up) {
  const Catalogue catalogue(
      "# a comment\n\nit is {}\n= 是{0}\nit is red\n= 红\nmust {*}\n= 必须{0}\ntensor {}\n= 张量 {0}\nerror:\n= "
      "错误：\n");
  EXPECT_EQ(catalogue.translated("it is red"), "红");
  EXPECT_EQ(catalogue.translated("it is blue"), "是blue");
  EXPECT_EQ(catalogue.translated("must it is red"), "必须红");
  EXPECT_EQ(catalogue.translated("a/b.json: it is red"), "a/b.json: 红");
  EXPECT_EQ(catalogue.translated("f: tensor x: it is red"), "f: 张量 x: 红");
  EXPECT_EQ(catalogue.translated("tensor x: it is red"), "tensor x: 红");  // a file's name, for all we know
  EXPECT_EQ(catalogue.translated("f: what?"), "f: what?");
  EXPECT_EQ(catalogue.translated("f: it is a: b"), "f: 是a: b");
  EXPECT_EQ(catalogue.translated("error: "), "错误：");
  EXPECT_EQ(catalogue.translated(""), "");
  EXPECT_EQ(catalogue.translated(": "), ": ");
}

TEST(Catalogue, refuses_what_has_no_partner) {
  EXPECT_THROW(Catalogue("a\nb\n= c\n"), std::logic_error);
  EXPECT_THROW(Catalogue("= c\n"), std::logic_error);
}

bool holds_chinese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE3; });
}

TEST(ChineseMessages, each_hole_is_filled_once_and_each_message_is_there_once) {
  std::set<std::string> seen;
  static const std::regex holes(R"(\{([0-9])\})");
  EXPECT_GT(chinese().templates().size(), 400U);
  for (const MessageTemplate& one : chinese().templates()) {
    EXPECT_TRUE(seen.insert(one.english()).second) << "twice: " << one.english();
    std::multiset<std::string> used;
    for (std::sregex_iterator at(one.translated().begin(), one.translated().end(), holes), end; at != end; ++at) {
      used.insert((*at)[1]);
    }
    std::multiset<std::string> there;
    for (std::size_t hole = 0; hole < one.holes(); ++hole) there.insert(std::to_string(hole));
    EXPECT_EQ(used, there) << one.english();
    if (one.english() != "null" && one.english() != "{}: only \"\" is supported") {
      EXPECT_TRUE(holds_chinese(one.translated()) || one.translated() == "--expand：{0}") << one.english();
    }
  }
}

TEST(ChineseMessages, of_what_users_meet) {
  const auto is = [](const std::string& english, const std::string& expected) {
    EXPECT_EQ(chinese().translated(english), expected);
  };
  is("--width 1000: must be a multiple of 16 from 16 to 8192 (pixels); the nearest are 992 and 1008",
     "--width 1000: 必须是 16 到 8192 之间 16 的倍数（像素）；最接近的是 992 和 1008");
  is("--out taken.png: already exists (--force replaces it)", "--out taken.png: 已存在（--force 可覆盖）");
  is("m/vae/a.safetensors: tensor \"x\": its shape is [1], the configuration asks for [2, 3]",
     "m/vae/a.safetensors: 张量 \"x\": 形状为 [1]，配置要求 [2, 3]");
  is("m/a.safetensors: header: __metadata__ holds a list, not strings only",
     "m/a.safetensors: 文件头：__metadata__ 含有列表，只允许字符串");
  is("m/config.json: field \"dim\": must be an integer, is string",
     "m/config.json: 字段 \"dim\": 必须是整数，现为字符串");
  is("does not fit: 12 MiB are missing of 400 MiB; would fit: --vram-budget 400MiB",
     "放不下：需要 400 MiB，还差 12 MiB；以下可行：--vram-budget 400MiB");
  is("denoise: out of memory on GPU 0: 62.00 MiB asked, 13.56 MiB of 139.80 GiB free, with a plan of 900 MiB "
     "(sequential offload, attention by 8 heads, VAE strips of 256 rows)",
     "去噪：GPU 0 内存不足：申请 62.00 MiB，共 139.80 GiB，空闲 13.56 MiB；计划占用 900 MiB（逐层卸载，注意力每次 8 "
     "个头，VAE 每条 256 行）");
  is("decode: out of memory on GPU 0: 1 MiB asked, 2 MiB of 3 GiB free; waiting 2 s, then again with a plan that needs "
     "less",
     "解码：GPU 0 内存不足：申请 1 MiB，共 3 GiB，空闲 2 MiB；等待 2 秒后用更省内存的计划重试");
  is("--device cuda:7: no such device (the last one is cuda:0)", "--device cuda:7: 没有该设备（最后一个是 cuda:0）");
  is("x.png: cannot write: No space left on device", "x.png: 无法写入：磁盘空间不足");
  is("result.png: 64x64, seed 7, 8 evaluations in fp32 on cpu, 0.50 s (encode 0.10 s, denoise 0.30 s, decode 0.10 s)",
     "result.png：64x64，种子 7，8 次求值（fp32，cpu），0.50 s（编码 0.10 s，去噪 0.30 s，解码 0.10 s）");
  is("3 images drawn, 1 failed; 0.50 s an image, at most 1.00 GiB of the host",
     "已画 3 张图片，失败 1 张；每张 0.50 s，主机内存最多 1.00 GiB");
  is("denoise [############............] 5/8, 1.50 s/step, 6.00 s left",
     "去噪 [############............] 5/8，每步 1.50 秒，剩余 6.00 s");
}

TEST(DisplayWidth, a_chinese_character_takes_two_cells) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("画图。"), 6U);
  EXPECT_EQ(clipped("画图ab", 5), "画图a");
  EXPECT_EQ(clipped("画图ab", 3), "画");
  EXPECT_EQ(clipped("ab", 9), "ab");
}

TEST(Wrapped, at_spaces_and_between_chinese_characters) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one  two ", 70), "one two");
  EXPECT_EQ(wrapped("muchtoolong a", 4), "muchtoolong\na");
  EXPECT_EQ(wrapped("按提示词画一张", 8), "按提示词\n画一张");
  EXPECT_EQ(wrapped("按提示词，画", 8), "按提示\n词，画");  // no line begins with a comma
  EXPECT_EQ(wrapped("用 fp16 画", 7), "用 fp16\n画");
}

}  // namespace
}  // namespace zimage::app
