#include "app/progress_bar.h"

#include "app/format.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

TEST(ProgressLine, shows_stage_step_pace_and_time_left) {
  EXPECT_EQ(progress_line({Stage::denoise, 1, 8}, 0.1), "denoise [........................] 1/8");
  EXPECT_EQ(progress_line({Stage::denoise, 5, 8}, 6),
            "denoise [############............] 5/8, 1.50 s/step, 6.00 s left");
  EXPECT_EQ(progress_line({Stage::load, 250, 1000}, 2), "load [######..................] 250/1000 MiB, 6.00 s left");
  EXPECT_EQ(progress_line({Stage::decode, 1, 1}, 3), "decode [........................]");
  EXPECT_EQ(progress_line({Stage::load, 0, 0}, 0), "load [........................] 0/0 MiB");
}

TEST(Format, bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(12 << 20), "12.0 MiB");
  EXPECT_EQ(format_bytes(12309866400), "11.5 GiB");
}

TEST(Format, counts_and_seconds) {
  EXPECT_EQ(format_count(99'999), "99999");
  EXPECT_EQ(format_count(12'345'678), "12.3 M");
  EXPECT_EQ(format_count(6'154'908'736), "6.15 B");
  EXPECT_EQ(format_seconds(0.123), "0.12 s");
  EXPECT_EQ(format_seconds(12.34), "12.3 s");
  EXPECT_EQ(format_seconds(185.2), "3 min 05 s");
}

}  // namespace
}  // namespace zimage::app
