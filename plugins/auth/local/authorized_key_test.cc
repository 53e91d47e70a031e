#include "authorized_key.h"

#include <gtest/gtest.h>

#include "slipway/base64.h"

namespace slipway::auth_local {
namespace {

constexpr std::string_view kLine =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@example";

std::string blob() { return *base64_decode("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"); }

TEST(AuthorizedKey, FindsTheKeyOfALine) {
  EXPECT_TRUE(line_holds_key(kLine, blob()));
  EXPECT_TRUE(line_holds_key("  " + std::string(kLine) + "\n", blob()));
}

TEST(AuthorizedKey, RefusesAnotherKey) {
  std::string other = blob();
  other.back() ^= 1;
  EXPECT_FALSE(line_holds_key(kLine, other));
  EXPECT_FALSE(line_holds_key(kLine, blob().substr(1)));
  EXPECT_FALSE(line_holds_key(kLine, ""));
}

TEST(AuthorizedKey, RefusesATypeThatIsNotTheBlobs) {
  std::string line(kLine);
  line.replace(0, 11, "ssh-dss");
  EXPECT_FALSE(line_holds_key(line, blob()));
}

TEST(AuthorizedKey, MalformedLinesHoldNoKey) {
  for (const char* line : {"", "ssh-ed25519", "ssh-ed25519 ####", "ssh-ed25519 A", "no-pty ssh-ed25519 AAAA"})
    EXPECT_FALSE(line_holds_key(line, blob())) << line;
}

}  // namespace
}  // namespace slipway::auth_local
