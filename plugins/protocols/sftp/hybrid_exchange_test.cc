#include "hybrid_exchange.h"

#include <gtest/gtest.h>

#include "certificate_maker.h"

namespace slipway::sftp {
namespace {

using testing::packed;

constexpr const char* kOffered =
    "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256";
constexpr const char* kInternal = "curve25519-sha256@libssh.org,curve25519-sha256,ecdh-sha2-nistp256";

class Packet {
 public:
  explicit Packet(const std::string& bytes) : buffer_(ssh_buffer_new()) {
    ssh_buffer_add_data(buffer_, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  }
  ~Packet() { ssh_buffer_free(buffer_); }
  operator ssh_buffer() const { return buffer_; }
  std::string content() const {
    return {static_cast<const char*>(ssh_buffer_get(buffer_)), ssh_buffer_get_len(buffer_)};
  }

 private:
  ssh_buffer buffer_;
};

const std::string kCookie(16, 'c');
const std::string kKemKey(mlkem768::kPublicKey, '\0');  // all its coefficients are 0: well formed
const std::string kPoint(32, 'q');

TEST(KeyExchangeOffers, TellLibsshTheOlderNameForTheHybridExchange) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  EXPECT_TRUE(offer.hybrid);
  EXPECT_EQ(offer.internal, kInternal);
  EXPECT_EQ(KeyExchangeOffer::make("mlkem768x25519-sha256").internal, "curve25519-sha256@libssh.org");
  EXPECT_EQ(KeyExchangeOffer::make("curve25519-sha256@libssh.org,mlkem768x25519-sha256").internal,
            "curve25519-sha256,curve25519-sha256@libssh.org");
  const auto plain = KeyExchangeOffer::make("curve25519-sha256,curve25519-sha256@libssh.org");
  EXPECT_FALSE(plain.hybrid);
  EXPECT_EQ(plain.internal, plain.offered);
}

TEST(HybridExchanges, ShowLibsshItsOwnNamesAndTheHashTheClients) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  HybridExchange exchange(offer);
  const std::string sent = "x,mlkem768x25519-sha256,curve25519-sha256@libssh.org,kex-strict-c-v00@openssh.com";
  const std::string told = "x,curve25519-sha256@libssh.org,curve25519-sha256,kex-strict-c-v00@openssh.com";
  const Packet packet(kCookie + packed(sent) + packed("hosts") + "rest");
  exchange.kexinit(packet);
  EXPECT_EQ(packet.content(), kCookie + packed(told) + packed("hosts") + "rest");
  EXPECT_EQ(exchange.negotiated(), "mlkem768x25519-sha256");
  EXPECT_EQ(exchange.replacement(told), sent);
  EXPECT_EQ(exchange.replacement(told), std::nullopt) << "hashed once";
  EXPECT_EQ(exchange.replacement(std::string(kInternal) + ",kex-strict-s-v00@openssh.com"),
            std::string(kOffered) + ",kex-strict-s-v00@openssh.com");
  EXPECT_EQ(exchange.replacement("anything"), std::nullopt);
}

TEST(HybridExchanges, OfOldClientsAreTheCurve) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  HybridExchange exchange(offer);
  const Packet packet(kCookie + packed("curve25519-sha256@libssh.org"));
  exchange.kexinit(packet);
  EXPECT_EQ(packet.content(), kCookie + packed("curve25519-sha256"));
  EXPECT_EQ(exchange.negotiated(), "curve25519-sha256@libssh.org");
  const Packet first(packed(kPoint));
  exchange.client_message(first);
  EXPECT_EQ(first.content(), packed(kPoint));
  EXPECT_EQ(exchange.hash_input("input"), std::nullopt);
  EXPECT_TRUE(exchange.secret().empty());
}

TEST(HybridExchanges, LeaveAMalformedFirstMessageNoPoint) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  for (const auto& message : {std::string(), kPoint, kKemKey + kPoint + "x", std::string(1216, '\xff')}) {
    HybridExchange exchange(offer);
    exchange.kexinit(Packet(kCookie + packed("mlkem768x25519-sha256")));
    const Packet packet(packed(message));
    exchange.client_message(packet);
    EXPECT_EQ(packet.content(), packed("")) << message.size();
  }
}

// Whatever number libssh writes the curve's secret as, its 32 bytes go into the secret of both.
TEST(HybridExchanges, HashBothHalvesAndASecretOfBoth) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  const std::string usual = std::string(32, 'k'), high = std::string(32, '\xf0'),
                    low = std::string(2, '\0') + std::string(30, 'k');
  const std::pair<std::string, std::string> secrets[] = {{usual, usual}, {high, '\0' + high}, {low, low.substr(2)}};
  for (const auto& [secret, as_number] : secrets) {
    HybridExchange exchange(offer);
    exchange.kexinit(Packet(kCookie + packed("mlkem768x25519-sha256")));
    const Packet first(packed(kKemKey + kPoint));
    exchange.client_message(first);
    ASSERT_EQ(first.content(), packed(kPoint));
    const std::string before = packed("V_C") + packed("V_S") + packed("I_C") + packed("I_S") + packed("K_S");
    const std::string answer(32, 's');
    EXPECT_EQ(exchange.replacement(answer), std::nullopt) << "not before it is known";
    const auto hashed = exchange.hash_input(before + packed(kPoint) + packed(answer) + packed(as_number));
    ASSERT_TRUE(hashed);
    const auto sent = exchange.replacement(answer);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->size(), mlkem768::kCiphertext + 32);
    EXPECT_TRUE(sent->ends_with(answer));
    EXPECT_EQ(*hashed, before + packed(kKemKey + kPoint) + packed(*sent) + exchange.secret());
    EXPECT_EQ(exchange.secret().size(), 4u + 32);
    exchange.kexinit(Packet(kCookie + packed("x")));
    EXPECT_TRUE(exchange.secret().empty()) << "forgotten with the next exchange";
  }
}

TEST(HybridExchanges, DoNotTouchAHashOfSomethingElse) {
  const auto offer = KeyExchangeOffer::make(kOffered);
  HybridExchange exchange(offer);
  exchange.kexinit(Packet(kCookie + packed("mlkem768x25519-sha256")));
  exchange.client_message(Packet(packed(kKemKey + kPoint)));
  const std::string before = packed("") + packed("") + packed("") + packed("") + packed("");
  EXPECT_FALSE(exchange.hash_input(before + packed(std::string(32, 'x')) + packed(kPoint) + packed("k")));
  EXPECT_FALSE(exchange.hash_input(before + packed(kPoint) + packed("short") + packed("k")));
  EXPECT_FALSE(exchange.hash_input(before + packed(kPoint) + packed(kPoint) + packed("k") + "more"));
  EXPECT_FALSE(exchange.hash_input(""));
  EXPECT_TRUE(exchange.secret().empty());
}

}  // namespace
}  // namespace slipway::sftp
