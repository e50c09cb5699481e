// When units come and go, by the calls that a device would be given.
#include "runtime/residency.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <string>

namespace zimage {
namespace {

// Writes down what it is told. Events are named by their order: "ready i" and "free i" of the i-th unit that moves.
class Script final : public Transfers, public UnitSource {
 public:
  Event make_event() override { return events_++; }
  void record(Event event, Queue queue) override { add("record ", event, queue); }
  void wait(Event event, Queue queue) override { add("wait ", event, queue); }
  void copy(std::byte*, const std::byte*, std::size_t) override {}
  void run(std::function<void()>) override {}
  void settle() noexcept override { calls_.emplace_back("settle"); }
  void upload(UnitIndex unit) override {
    if (fails) throw std::runtime_error("no upload");
    calls_.push_back("upload " + std::to_string(unit));
  }

  std::vector<std::string> take() { return std::exchange(calls_, {}); }
  bool fails = false;

 private:
  void add(const char* what, Event event, Queue queue) {
    const std::string name = (event % 2 == 0 ? "ready " : "free ") + std::to_string(event / 2);
    calls_.push_back(what + name + (queue == Queue::copy ? " by copy" : " by compute"));
  }

  Event events_ = 0;
  std::vector<std::string> calls_;
};

using Calls = std::vector<std::string>;

plan::Units units_of_size(std::size_t count) {
  return plan::Units(count, {plan::Component::transformer, "layers", plan::Use::evaluation, 256});
}

// Four units, two slots.
class TwoSlots : public testing::Test {
 protected:
  Script script_;
  Residency residency_{units_of_size(4), {512, {{0, false}, {256, false}, {0, false}, {256, false}}}, script_, script_};
};

TEST_F(TwoSlots, what_is_expected_comes_as_soon_as_its_place_is_free) {
  residency_.expect({0, 1, 2, 3});
  EXPECT_EQ(script_.take(), (Calls{"upload 0", "record ready 0 by copy", "upload 1", "record ready 1 by copy"}));
  {
    const Lease lease = residency_.acquire(0);
    EXPECT_EQ(script_.take(), (Calls{"wait ready 0 by compute"}));
  }
  EXPECT_EQ(script_.take(),
            (Calls{"record free 0 by compute", "wait free 0 by copy", "upload 2", "record ready 2 by copy"}));
  { const Lease lease = residency_.acquire(1); }
  EXPECT_EQ(script_.take(), (Calls{"wait ready 1 by compute", "record free 1 by compute", "wait free 1 by copy",
                                   "upload 3", "record ready 3 by copy"}));
}

TEST_F(TwoSlots, a_unit_that_is_there_is_not_brought_again) {
  residency_.expect({0, 1, 0, 1});
  script_.take();
  for (const UnitIndex unit : {0, 1}) const Lease lease = residency_.acquire(unit);
  script_.take();
  { const Lease lease = residency_.acquire(0); }
  EXPECT_EQ(script_.take(), (Calls{"record free 0 by compute"}));
  EXPECT_EQ(residency_.take_count().units, 2);
  EXPECT_EQ(residency_.take_count().bytes, 0);
}

TEST_F(TwoSlots, without_expectations_each_comes_when_it_is_acquired) {
  { const Lease lease = residency_.acquire(2); }
  EXPECT_EQ(script_.take(),
            (Calls{"upload 2", "record ready 2 by copy", "wait ready 2 by compute", "record free 2 by compute"}));
  { const Lease lease = residency_.acquire(0); }
  EXPECT_EQ(script_.take(), (Calls{"wait free 2 by copy", "upload 0", "record ready 0 by copy",
                                   "wait ready 0 by compute", "record free 0 by compute"}));
}

TEST_F(TwoSlots, another_order_than_expected_works_and_the_rest_is_still_expected) {
  residency_.expect({0, 1, 2, 3});
  script_.take();
  { const Lease lease = residency_.acquire(2); }  // in the place of 0, which is never asked for
  EXPECT_EQ(script_.take(),
            (Calls{"wait free 0 by copy", "upload 2", "record ready 2 by copy", "wait ready 2 by compute",
                   "wait free 1 by copy", "upload 3", "record ready 3 by copy", "record free 2 by compute"}));
}

TEST_F(TwoSlots, a_place_in_use_is_not_given_away) {
  const Lease lease = residency_.acquire(0);
  test::expect_error(ErrorKind::internal, {"in use"}, [&] { residency_.acquire(2); });
}

TEST_F(TwoSlots, after_a_failed_upload_everything_comes_anew) {
  { const Lease lease = residency_.acquire(1); }
  script_.fails = true;
  EXPECT_THROW(residency_.acquire(0), std::runtime_error);
  script_.fails = false;
  script_.take();
  { const Lease lease = residency_.acquire(1); }
  EXPECT_EQ(script_.take().front(), "upload 1");
}

TEST_F(TwoSlots, what_a_load_fills_waits_for_who_was_there_and_is_then_present) {
  residency_.overwrite(0);
  residency_.filled(0);
  residency_.overwrite(2);
  EXPECT_EQ(script_.take(), (Calls{"record free 0 by copy", "wait free 0 by compute"}));
  residency_.filled(2);
  script_.take();
  { const Lease lease = residency_.acquire(2); }
  EXPECT_EQ(script_.take(), (Calls{"record free 2 by compute"}));
}

TEST(Residency, with_a_place_for_each_nothing_is_ever_called) {
  Script script;
  Residency residency(units_of_size(2), {512, {{0, true}, {256, true}}}, script, script);
  residency.expect({0, 1});
  for (const UnitIndex unit : {0, 1}) const Lease lease = residency.acquire(unit);
  EXPECT_FALSE(residency.streams());
  EXPECT_EQ(script.take(), Calls{});
}

TEST(Residency, resident_units_among_streamed_ones_let_uploads_run_ahead) {
  Script script;  // 0 and 3 share a place, 1 and 2 stay
  Residency residency(units_of_size(4), {768, {{0, false}, {256, true}, {512, true}, {0, false}}}, script, script);
  residency.expect({0, 1, 2, 3});
  { const Lease lease = residency.acquire(0); }
  script.take();
  { const Lease lease = residency.acquire(1); }
  EXPECT_EQ(script.take(), Calls{});  // 3 was on its way when 0 was released
}

TEST(Residency, a_resident_place_that_overlaps_is_refused) {
  Script script;
  test::expect_error(ErrorKind::internal, {"place"}, [&] {
    Residency(units_of_size(2), {512, {{0, true}, {128, false}}}, script, script);
  });
}

}  // namespace
}  // namespace zimage
