// The arithmetic of streaming, on cases that can be counted by hand.
#include "plan/stream.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using plan::stream_seconds;
using plan::Visit;

TEST(Stream, resident_units_take_their_computation) {
  EXPECT_DOUBLE_EQ(stream_seconds({{.compute = 1, .unit = 0}, {.compute = 2, .unit = 1}}, 8), 24);
}

TEST(Stream, a_slow_link_sets_the_pace) {
  const std::vector<Visit> visits{{.compute = 1, .transfer = 3, .slot = 0, .unit = 0},
                                  {.compute = 1, .transfer = 3, .slot = 1, .unit = 1},
                                  {.compute = 1, .transfer = 3, .slot = 0, .unit = 2},
                                  {.compute = 1, .transfer = 3, .slot = 1, .unit = 3}};
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 1), 4 * 3 + 1);
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 8), 8 * 4 * 3 + 1);
}

TEST(Stream, a_fast_link_hides_behind_the_computation) {
  const std::vector<Visit> visits{{.compute = 3, .transfer = 1, .slot = 0, .unit = 0},
                                  {.compute = 3, .transfer = 1, .slot = 1, .unit = 1},
                                  {.compute = 3, .transfer = 1, .slot = 0, .unit = 2},
                                  {.compute = 3, .transfer = 1, .slot = 1, .unit = 3}};
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 8), 1 + 8 * 4 * 3);
}

TEST(Stream, an_upload_waits_until_its_slot_is_no_longer_read) {
  const std::vector<Visit> visits{{.compute = 5, .transfer = 1, .slot = 0, .unit = 0},
                                  {.compute = 5, .transfer = 1, .slot = 0, .unit = 1}};
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 1), 1 + 5 + 1 + 5);
}

TEST(Stream, what_is_still_in_its_slot_does_not_come_again) {
  const std::vector<Visit> visits{{.compute = 1, .transfer = 10, .slot = 0, .unit = 0},
                                  {.compute = 1, .transfer = 10, .slot = 1, .unit = 1}};
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 5), 20 + 1 + 4 * 2);
}

TEST(Stream, a_transfer_hides_behind_what_stays) {
  const std::vector<Visit> visits{
      {.compute = 4, .transfer = 0, .unit = 0}, {.compute = 1, .transfer = 4, .slot = 0, .unit = 1},
      {.compute = 4, .transfer = 0, .unit = 2}, {.compute = 1, .transfer = 4, .slot = 1, .unit = 3},
      {.compute = 4, .transfer = 0, .unit = 4}, {.compute = 1, .transfer = 4, .slot = 0, .unit = 5},
      {.compute = 4, .transfer = 0, .unit = 6}, {.compute = 1, .transfer = 4, .slot = 1, .unit = 7}};
  EXPECT_DOUBLE_EQ(stream_seconds(visits, 6), 6 * 20);
}

}  // namespace
}  // namespace zimage
