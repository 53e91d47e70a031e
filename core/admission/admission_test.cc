#include "core/admission/admission.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/accounts/store/test_database.h"

namespace slipway::admission {
namespace {

using namespace std::chrono_literals;

Status anybody(HostCap) { return ok(); }
Status nobody(HostCap) { return Error(Errc::PermissionDenied, "x", "too many connections"); }
Status unless_waived(HostCap cap) {
  if (cap == HostCap::Waived) return ok();
  return Error(Errc::QuotaExceeded, "x", "too many connections from this address");
}

class AdmissionTest : public accounts::StoreTest {
 protected:
  AdmissionTest() {
    settings_.defender.enabled = true;
    settings_.defender.threshold = 6;
  }

  // Lists are read at the start.
  void start() {
    admission_.reset();
    admission_ = std::make_unique<Admission>(
        store(), settings_,
        Clocks{.wall = [this] { return wall_.load(); }, .steady = [this] { return steady_.load(); }});
    ASSERT_OK(admission_->start());
  }
  void TearDown() override { admission_.reset(); }

  void list(int type, std::string network, int mode = 1, int protocols = 0) {
    accounts::IpListEntry entry;
    entry.type = type;
    entry.ipornet = std::move(network);
    entry.mode = mode;
    entry.protocols = protocols;
    ASSERT_OK(store().add_ip_list_entry(entry));
  }

  // What the connection is refused for; empty: it is not.
  std::string refusal(std::string_view address, std::string_view protocol = "SSH",
                      const Admission::TakePlace& place = anybody) {
    const auto admitted = admission_->admit({protocol, address}, place);
    return admitted ? "" : admitted.error().cause();
  }
  void misbehave(std::string_view address, int times, Violation violation = Violation::UnknownUser) {
    for (int i = 0; i < times; ++i) admission_->report({"SSH", address}, violation);
  }

  AdmissionSettings settings_;
  std::unique_ptr<Admission> admission_;
  std::atomic<WallTime> wall_{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1))};
  std::atomic<SteadyTime> steady_{SteadyTime(1h)};
};

constexpr char kMallory[] = "192.0.2.66", kAnna[] = "192.0.2.1";

TEST_F(AdmissionTest, WrongCredentialsEndInABanThatEnds) {
  start();
  misbehave(kMallory, 2);
  EXPECT_EQ(refusal(kMallory), "");
  misbehave(kMallory, 1);
  EXPECT_EQ(refusal(kMallory), "the address is banned");
  EXPECT_EQ(refusal(kMallory, "HTTP"), "the address is banned");
  EXPECT_EQ(refusal(kAnna), "");
  // Coming back twice added 15 minutes each.
  wall_ = wall_.load() + 59min;
  EXPECT_TRUE(admission_->is_banned({"SSH", kMallory}));
  wall_ = wall_.load() + 1min;
  EXPECT_EQ(refusal(kMallory), "");
}

TEST_F(AdmissionTest, ADefenderThatIsOffBansNobody) {
  settings_.defender.enabled = false;
  list(2, "192.0.2.66", 2);
  start();
  misbehave(kMallory, 100);
  EXPECT_EQ(refusal(kMallory), "");
  EXPECT_TRUE(admission_->defender().hosts().empty());
}

TEST_F(AdmissionTest, TheDefenderListDeniesAndSpares) {
  list(2, "192.0.2.0/24", 2);
  list(2, "192.0.2.1", 1);
  start();
  EXPECT_EQ(refusal(kMallory), "the address is denied by the defender list");
  EXPECT_EQ(refusal(kAnna), "");
  misbehave(kAnna, 100);
  EXPECT_EQ(refusal(kAnna), "");
  EXPECT_TRUE(admission_->defender().hosts().empty()) << "what is denied or allowed by name has no score";
}

TEST_F(AdmissionTest, AnAllowEntryLetsABannedAddressIn) {
  start();
  misbehave(kMallory, 3);
  EXPECT_NE(refusal(kMallory), "");
  list(2, "192.0.2.66", 1);
  admission_->changed();
  while (!refusal(kMallory).empty()) std::this_thread::yield();
  EXPECT_EQ(refusal(kMallory), "");
}

TEST_F(AdmissionTest, EntriesAreOfTheirProtocolsOnly) {
  list(2, "192.0.2.66", 2, 2 | 4);
  start();
  EXPECT_EQ(refusal(kMallory, "SSH"), "");
  EXPECT_EQ(refusal(kMallory, "HTTP"), "");
  EXPECT_NE(refusal(kMallory, "FTP"), "");
  EXPECT_NE(refusal(kMallory, "DAV"), "");
}

TEST_F(AdmissionTest, WithTheAllowListOnlyItsAddressesConnect) {
  settings_.allow_list = true;
  list(1, "192.0.2.1");
  list(4, "192.0.2.9");
  start();
  EXPECT_EQ(refusal(kAnna), "");
  EXPECT_EQ(refusal(kMallory), "the address is not in the allow list");
  EXPECT_NE(refusal("192.0.2.9"), "") << "to be trusted is not to be allowed";
  EXPECT_NE(refusal(""), "") << "what has no address is in no list";
}

TEST_F(AdmissionTest, AnEmptyAllowListDeniesEverybody) {
  settings_.allow_list = true;
  start();
  EXPECT_NE(refusal(kAnna), "");
}

TEST_F(AdmissionTest, TrustedAddressesAreNeitherCountedNorLimited) {
  list(4, "192.0.2.0/24");
  settings_.rate_limiters = {{.average = 1, .period = 60s}};
  start();
  misbehave(kMallory, 100);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(refusal(kMallory), "");
  EXPECT_TRUE(admission_->is_trusted({"SSH", kMallory}));
  EXPECT_FALSE(admission_->is_trusted({"SSH", "198.51.100.1"}));
}

TEST_F(AdmissionTest, OneConnectionTooManyOfAnAddressIsCounted) {
  start();
  EXPECT_EQ(refusal(kMallory, "SSH", unless_waived), "too many connections from this address");
  EXPECT_EQ(refusal(kMallory, "SSH", unless_waived), "too many connections from this address");
  EXPECT_EQ(refusal(kMallory, "SSH", unless_waived), "the address is banned");
}

TEST_F(AdmissionTest, TheCapOfOneAddressIsWaivedForThoseTheDefenderSpares) {
  list(2, "192.0.2.1", 1);
  list(4, "192.0.2.9");
  start();
  EXPECT_EQ(refusal(kAnna, "SSH", unless_waived), "");
  EXPECT_EQ(refusal("192.0.2.9", "SSH", unless_waived), "");
}

TEST_F(AdmissionTest, TheCapOfTheServerIsNobodysFault) {
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(refusal(kMallory, "SSH", nobody), "too many connections");
  EXPECT_TRUE(admission_->defender().hosts().empty());
}

TEST_F(AdmissionTest, TheOrderDependsOnTheProtocol) {
  settings_.allow_list = true;
  start();
  misbehave(kMallory, 3);
  EXPECT_EQ(refusal(kMallory, "SSH"), "the address is banned");
  EXPECT_EQ(refusal(kMallory, "FTP"), "the address is banned");
  EXPECT_EQ(refusal(kMallory, "DAV"), "the address is not in the allow list");
  EXPECT_EQ(refusal(kMallory, "HTTP"), "the address is not in the allow list");
}

TEST_F(AdmissionTest, ABannedAddressTakesNoPlace) {
  start();
  misbehave(kMallory, 3);
  bool taken = false;
  const auto place = [&](HostCap) -> Status {
    taken = true;
    return ok();
  };
  EXPECT_NE(refusal(kMallory, "SSH", place), "");
  EXPECT_FALSE(taken);
}

TEST_F(AdmissionTest, LimitersDelayAndThenRefuse) {
  settings_.rate_limiters = {{.average = 1, .period = 1s}};
  start();
  EXPECT_EQ(*admission_->admit({"SSH", kAnna}, anybody), 0ns);
  steady_ = steady_.load() + 600ms;
  EXPECT_EQ(*admission_->admit({"SSH", kAnna}, anybody), 400ms);
  const auto refused = admission_->admit({"SSH", kAnna}, anybody);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.code(), Errc::Unavailable);
  EXPECT_TRUE(refused.error().retryable());
  EXPECT_EQ(refused.error().cause(), "rate limit exceed, wait time to respect rate 1.4s, max wait time allowed 500ms");
  EXPECT_EQ(*admission_->admit({"SSH", kMallory}, anybody), 0ns);
}

TEST_F(AdmissionTest, AllLimitersOfAProtocolAreAskedAndTheSafeOnesNone) {
  RateLimiterSettings all{.average = 2, .period = 60s, .burst = 2, .type = RateLimiterSettings::Type::Global};
  RateLimiterSettings own{.average = 1, .period = 60s};
  own.protocols = {"FTP"};
  settings_.rate_limiters = {all, own};
  list(3, "192.0.2.9");
  start();
  EXPECT_EQ(refusal(kAnna, "FTP"), "");
  EXPECT_NE(refusal(kAnna, "FTP"), "") << "beyond its own limit";
  EXPECT_NE(refusal(kMallory, "SSH"), "") << "beyond everybody's limit";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(refusal("192.0.2.9", "FTP"), "");
}

TEST_F(AdmissionTest, RefusalsOfALimiterCountWhereItSaysSo) {
  settings_.rate_limiters = {{.average = 1, .period = 60s, .generate_defender_events = true}};
  start();
  EXPECT_EQ(refusal(kMallory), "");
  for (int i = 0; i < 2; ++i) EXPECT_NE(refusal(kMallory).find("rate limit exceed"), std::string::npos);
  EXPECT_EQ(refusal(kMallory), "the address is banned");

  settings_.rate_limiters[0].generate_defender_events = false;
  admission_->configure(settings_);
  EXPECT_EQ(refusal(kAnna), "");
  for (int i = 0; i < 5; ++i) EXPECT_NE(refusal(kAnna).find("rate limit exceed"), std::string::npos);
}

TEST_F(AdmissionTest, LimitersThatStayKeepTheirBuckets) {
  settings_.rate_limiters = {{.average = 1, .period = 60s}};
  start();
  EXPECT_EQ(refusal(kAnna), "");
  settings_.allow_list = false;
  settings_.defender.threshold = 7;
  admission_->configure(settings_);
  EXPECT_NE(refusal(kAnna), "");
  settings_.rate_limiters[0].burst = 2;
  admission_->configure(settings_);
  EXPECT_EQ(refusal(kAnna), "");
}

TEST_F(AdmissionTest, ListsThatChangeAreReadAgain) {
  settings_.allow_list = true;
  start();
  EXPECT_NE(refusal(kAnna), "");
  list(1, "192.0.2.0/24");
  admission_->changed();
  while (!refusal(kAnna).empty()) std::this_thread::yield();
  ASSERT_OK(store().remove_ip_list_entry(1, "192.0.2.0/24"));
  admission_->changed();
  while (refusal(kAnna).empty()) std::this_thread::yield();
}

TEST_F(AdmissionTest, ListsLongerThanAPageAreReadWhole) {
  settings_.allow_list = true;
  ASSERT_OK(store().in_transaction([&] {
    for (int i = 0; i < 2500; ++i) list(1, "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "/32");
    return ok();
  }));
  start();
  EXPECT_EQ(refusal("10.0.0.0"), "");
  EXPECT_EQ(refusal("10.0.3.231"), "");
  EXPECT_EQ(refusal("10.0.3.232"), "");
  EXPECT_EQ(refusal("10.0.9.195"), "");  // the last one
  EXPECT_NE(refusal("10.0.9.196"), "");
}

TEST_F(AdmissionTest, WithTheDatabaseBansAndScoresOutliveTheServer) {
  settings_.defender.driver = DefenderSettings::Driver::Provider;
  start();
  misbehave(kMallory, 3);
  misbehave(kAnna, 2);
  start();
  EXPECT_EQ(refusal(kMallory), "the address is banned");
  EXPECT_EQ(refusal(kAnna), "");
  misbehave(kAnna, 1);
  EXPECT_EQ(refusal(kAnna), "the address is banned");
  ASSERT_TRUE(admission_->defender().remove(*IpAddress::parse(kMallory)));
  start();
  EXPECT_EQ(refusal(kMallory), "");
  EXPECT_EQ(refusal(kAnna), "the address is banned");
}

TEST_F(AdmissionTest, InMemoryBansEndWithTheServer) {
  start();
  misbehave(kMallory, 3);
  start();
  EXPECT_EQ(refusal(kMallory), "");
  EXPECT_TRUE(store().defender_hosts()->empty());
}

TEST_F(AdmissionTest, WhatIsOverLeavesTheDatabase) {
  settings_.defender.driver = DefenderSettings::Driver::Provider;
  start();
  misbehave(kMallory, 3);
  misbehave(kAnna, 1);
  ASSERT_OK(admission_->defender().flush());
  EXPECT_EQ(store().defender_hosts()->size(), 2u);
  wall_ = wall_.load() + 31min;
  start();
  ASSERT_OK(admission_->defender().flush());
  EXPECT_TRUE(store().defender_hosts()->empty());
}

TEST_F(AdmissionTest, ManyThreadsBanOnce) {
  start();
  std::vector<std::jthread> threads;
  std::atomic<int> refused{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string own = "10.0." + std::to_string(t) + "." + std::to_string(i);
        admission_->report({"SSH", i % 2 == 0 ? std::string(kMallory) : own}, Violation::WrongCredential);
        if (!admission_->admit({"SSH", kMallory}, anybody)) ++refused;
        if (i % 50 == 0) admission_->changed();
        if (i % 20 == 0) admission_->configure(settings_);
      }
    });
  threads.clear();
  EXPECT_GT(refused, 0);
  EXPECT_NE(refusal(kMallory), "");
  EXPECT_LE(admission_->defender().hosts().size(), 2 * settings_.defender.entries_hard_limit);
}

}  // namespace
}  // namespace slipway::admission
