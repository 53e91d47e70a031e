#include "key_verifier.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "certificate_maker.h"
#include "certificate_samples.h"
#include "child_program.h"
#include "public_key.h"
#include "user_certificates.h"

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;
using testing::CertificateMaker;

const std::string kKey = "ssh-ed25519 " + std::string(samples::kEd25519Authority);

std::string decoded(std::string_view base64) {
  std::string out;
  EXPECT_TRUE(decode_base64(base64, out));
  return out;
}

TEST(AuthorizedKeyLine, AKeyAloneOrBehindItsOptions) {
  const auto blob = decoded(samples::kEd25519Authority);
  for (const auto& line :
       {kKey, kKey + " comment\n", "cert-authority " + kKey, "  \tno-pty,cert-authority\t" + kKey,
        "command=\"echo \\\"a b\\\" c\",cert-authority " + kKey, "# a line\n\nsome words\r\n" + kKey + "\r\n"}) {
    const auto key = first_authorized_key(line);
    ASSERT_TRUE(key) << line;
    EXPECT_EQ(key->blob, blob) << line;
    EXPECT_FALSE(key->principals) << line;
  }
}

TEST(AuthorizedKeyLine, PrincipalsAreAnOption) {
  using Names = std::vector<std::string>;
  const auto principals = [](const std::string& options) {
    return first_authorized_key(options + " " + kKey)->principals;
  };
  EXPECT_EQ(principals("cert-authority,principals=\"a,b\""), (Names{"a", "b"}));
  EXPECT_EQ(principals("principals=\"a\",cert-authority"), Names{"a"});
  EXPECT_EQ(principals("principals=\"\""), Names{});
  EXPECT_EQ(principals("command=\"principals=\",cert-authority"), std::nullopt);
  EXPECT_EQ(principals("notprincipals=\"a\""), std::nullopt);
  EXPECT_EQ(principals("principals=\"a,b\\\"c\""), Names{}) << "a quote is in no name";
  EXPECT_EQ(principals("command=\"x\\\",principals=\\\"a\""), std::nullopt) << "what is quoted is no option";
}

TEST(AuthorizedKeyLine, WhatIsNoneIsPassedOver) {
  for (const std::string& text : {std::string(), std::string("ssh-ed25519"), std::string("ssh-ed25519 AAAA"),
                                  "ssh-rsa " + std::string(samples::kEd25519Authority), "#" + kKey, "a b " + kKey,
                                  "\"" + kKey, std::string(20'000, 'x') + " " + kKey})
    EXPECT_FALSE(first_authorized_key(text)) << text.substr(0, 100);
}

class KeyVerifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "slipway-verifier-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }

  std::string program(const std::string& body, mode_t mode = 0755) {
    const auto path = (dir / "program").string();
    std::ofstream(path) << "#!/bin/sh\n" << body;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string content(const std::string& name) {
    std::ifstream in(dir / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<AuthorizedKey> ask(const std::string& body, const OpContext& op = {}) {
    const auto verifier = KeyVerifier::make(program(body), "");
    EXPECT_TRUE(verifier);
    return (*verifier)->ask(op, "anna", "blob", "ssh-ed25519-cert-v01@openssh.com");
  }
  std::string maker_line() { return "ssh-ed25519 " + base64(maker.authority()); }
  static std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                         reinterpret_cast<const unsigned char*>(bytes.data()),
                                                         static_cast<int>(bytes.size()))));
    return text;
  }
  // "" when it proves the login of anna, else why not.
  std::string check(const std::string& body) {
    const auto verifier = KeyVerifier::make(program(body), "");
    const auto certificates = UserCertificates::load(dir, *verifier, "");
    const auto blob = maker.make();
    const auto proved = (*certificates)->check(*parse_certificate(blob), blob, "anna", "192.0.2.7", 1500);
    return proved ? "" : proved.error().cause();
  }

  std::filesystem::path dir;
  CertificateMaker maker;
};

TEST_F(KeyVerifierTest, TheProgramIsToldUserCertificateAndTypeAndNothingElse) {
  const auto answer = ask("printf '%s\\n' \"$#\" \"$@\" > " + (dir / "asked").string() + "\n/usr/bin/env > " +
                          (dir / "environment").string() + "\nls /proc/$$/fd > " + (dir / "descriptors").string() +
                          "\necho '" + kKey + "'\n");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->blob, decoded(samples::kEd25519Authority));
  EXPECT_EQ(content("asked"),
            "4\nverify\nanna\nssh-ed25519-cert-v01@openssh.com YmxvYg==\nssh-ed25519-cert-v01@openssh.com\n");
  // What a shell puts there itself.
  std::istringstream environment(content("environment"));
  for (std::string line; std::getline(environment, line);)
    EXPECT_TRUE(line.starts_with("PWD=") || line.starts_with("OLDPWD=") || line.starts_with("SHLVL=") ||
                line.starts_with("_="))
        << line;
}

TEST_F(KeyVerifierTest, AnyOtherEndIsARefusal) {
  EXPECT_EQ(ask("echo '" + kKey + "'; exit 3").error().cause(), "the verifying program refuses it, with status 3");
  EXPECT_EQ(ask("echo '" + kKey + "'; kill -9 $$").error().cause(), "the verifying program refuses it, with status -1");
  EXPECT_EQ(ask("echo nothing of the kind").error().cause(), "the verifying program prints no key");
  EXPECT_EQ(ask("head -c 100000 /dev/zero").code(), Errc::PermissionDenied);
  EXPECT_EQ(ask("echo no >&2; exit 1").code(), Errc::PermissionDenied);
}

TEST_F(KeyVerifierTest, StandardErrorCountsAsTheObservedServerHasIt) {
  EXPECT_TRUE(ask("echo 'some note' >&2; echo '" + kKey + "' >&2"));
}

TEST_F(KeyVerifierTest, ANameThatWouldBeAnOptionIsNotPassedOn) {
  const auto verifier = KeyVerifier::make(program("echo '" + kKey + "'"), "");
  EXPECT_FALSE((*verifier)->ask({}, "--help", "blob", "type"));
  EXPECT_TRUE((*verifier)->ask({}, "a b;'\"$(c)", "blob", "type"));
}

TEST_F(KeyVerifierTest, ADeadlineEndsTheProgramAndWhatItStarted) {
  OpContext op;
  op.deadline = std::chrono::steady_clock::now() + 200ms;
  const auto answer = ask("sleep 1000 & echo $! > " + (dir / "pid").string() + "\nsleep 1000", op);
  EXPECT_EQ(answer.code(), Errc::PermissionDenied);
  const auto pid = content("pid");
  // Killed, whether somebody has taken notice of its end or not.
  const auto runs = [&] {
    std::ifstream in("/proc/" + std::to_string(std::stoi(pid)) + "/stat");
    std::string line;
    return std::getline(in, line) && line.find(") Z ") == line.npos;
  };
  while (!pid.empty() && runs()) std::this_thread::yield();  // empty: it had no time to start one
}

TEST_F(KeyVerifierTest, AStopEndsTheWait) {
  std::stop_source stop;
  OpContext op;
  op.stop = stop.get_token();
  std::jthread later([&](const std::stop_token& over) {  // should the program not begin in time
    while (!std::filesystem::exists(dir / "runs") && !over.stop_requested()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(ask("echo > " + (dir / "runs").string() + "; sleep 1000", op).code(), Errc::PermissionDenied);
}

TEST_F(KeyVerifierTest, WhatAProgramLeavesRunningIsNotWaitedFor) {
  EXPECT_TRUE(ask("sleep 1000 &\necho '" + kKey + "'"));
}

TEST_F(KeyVerifierTest, ManyAskAtOnceAndAllAreAnswered) {
  const auto verifier = *KeyVerifier::make(program("echo '" + kKey + "'"), "");
  std::vector<std::jthread> threads;
  std::atomic<int> answered = 0;
  for (unsigned i = 0; i < 2 * KeyVerifier::kMaxPrograms; ++i)
    threads.emplace_back([&] {
      // As often as it takes: a slow machine may keep some from their turn.
      while (!verifier->ask({}, "anna", "blob", "type")) {
      }
      ++answered;
    });
  threads.clear();
  EXPECT_EQ(answered, 2 * static_cast<int>(KeyVerifier::kMaxPrograms));
}

TEST_F(KeyVerifierTest, AProgramMustBeOneAndHaveItsChecksum) {
  const auto path = program("exit 0\n");
  EXPECT_TRUE(KeyVerifier::make(path, ""));
  // sha256sum of "#!/bin/sh\nexit 0\n"
  const std::string sum = "306c6ca7407560340797866e077e053627ad409277d1b9da58106fce4cf717cb";
  EXPECT_TRUE(KeyVerifier::make(path, sum)) << KeyVerifier::make(path, sum).error().message();
  auto upper = sum;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(KeyVerifier::make(path, upper));
  EXPECT_EQ(KeyVerifier::make(path, std::string(64, '0')).error().subject(), "sftpd.opkssh_checksum");
  EXPECT_FALSE(KeyVerifier::make("program", ""));
  EXPECT_FALSE(KeyVerifier::make(dir.string(), ""));
  EXPECT_FALSE(KeyVerifier::make(path + "x", ""));
  EXPECT_FALSE(KeyVerifier::make(program("exit 0\n", 0644), ""));
}

TEST_F(KeyVerifierTest, ACertificateIsGoodWhenTheProgramVouchesForTheKeyThatSignedIt) {
  EXPECT_EQ(check("echo 'cert-authority " + maker_line() + "'"), "");
  EXPECT_EQ(check("echo 'cert-authority " + kKey + "'"), "the verifying program vouches for another key");
  EXPECT_EQ(check("exit 1"), "the verifying program refuses it, with status 1");
}

TEST_F(KeyVerifierTest, PrincipalsAreTheUserOrWhatTheProgramNames) {
  const auto good = "echo 'cert-authority " + maker_line() + "'";
  const auto wildcard = "echo 'cert-authority,principals=\"any,other\" " + maker_line() + "'";
  EXPECT_EQ(check(wildcard), "the user is not among its principals");
  maker.principals = {};
  EXPECT_EQ(check(good), "") << "the program knows whose it is";
  maker.principals = {"bert"};
  EXPECT_EQ(check(good), "the user is not among its principals");
  maker.principals = {"bert", "other"};
  EXPECT_EQ(check(wildcard), "");
}

TEST_F(KeyVerifierTest, WhatTheServerCanSeeItselfIsCheckedBeforeTheProgramIsAsked) {
  const auto told = "echo > " + (dir / "ran").string() + "; echo '" + maker_line() + "'";
  maker.valid_before = 1400;
  EXPECT_EQ(check(told), "it is no longer valid");
  maker = CertificateMaker();
  maker.type = 2;
  EXPECT_EQ(check(told), "it is a host's certificate");
  maker = CertificateMaker();
  maker.critical_options = {{"force-command", testing::packed("x")}};
  EXPECT_EQ(check(told), "its critical option force-command is not supported");
  EXPECT_FALSE(std::filesystem::exists(dir / "ran"));
}

}  // namespace
}  // namespace slipway::sftp
