#include "hook_auth.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <vector>

namespace slipway::auth_hook {
namespace {

namespace json = boost::json;
using Answer = AuthVerdict::Answer;

constexpr char kUser[] = R"({"username":"anna","status":1,"permissions":{"/":["*"]}})";

struct OneAccount final : AccountService {
  Result<Credentials> credentials(std::string_view user) override {
    if (user != "anna") return Error(Errc::NotFound, std::string(user));
    return Credentials{"stored-hash", {}};
  }
  Result<bool> verify_password(std::string_view user, std::string_view password) override {
    ++verifications;
    return user == "anna" && password == "right";
  }
  Result<HookView> hook_view(std::string_view user) override {
    if (user != "anna") return Error(Errc::NotFound, std::string(user));
    return view;
  }
  Result<bool> verify_passcode(std::string_view user, std::string_view protocol, std::string_view code) override {
    return user == "anna" && protocol == "SSH" && code == "123456";
  }
  HookView view{R"({"username":"anna"})"};
  int verifications = 0;
};

// Answers in turn, and keeps what it was asked.
class FakeActions final : public ActionService {
 public:
  struct Asked {
    std::string provides;
    json::object options;
    std::string variable(std::string_view name) const {
      for (const auto& item : options.at("env_vars").as_array())
        if (item.at("key").as_string() == name) return std::string(item.at("value").as_string());
      return "(none)";
    }
    json::object body() const { return json::parse(options.at("body").as_string()).as_object(); }
  };
  class Talk final : public Dialogue {
   public:
    explicit Talk(FakeActions& actions) : actions_(actions) { ++actions_.running; }
    ~Talk() override { --actions_.running; }
    Result<std::string> read_line(const OpContext&) override {
      if (actions_.lines.empty()) return Error(Errc::Unavailable, "hook", "it says no more");
      std::string line = actions_.lines.front();
      actions_.lines.pop_front();
      return line;
    }
    Status write_line(const OpContext&, std::string_view line) override {
      actions_.told.emplace_back(line);
      return ok();
    }

   private:
    FakeActions& actions_;
  };

  Result<ActionReply> run(const OpContext&, std::string_view provides, std::string_view options,
                          const Event&) override {
    asked.push_back({std::string(provides), json::parse(std::string(options)).as_object()});
    if (replies.empty()) return Error(Errc::Unavailable, "hook", "not reachable");
    auto reply = replies.front();
    replies.pop_front();
    return reply;
  }
  Result<std::unique_ptr<Dialogue>> converse(std::string_view provides, std::string_view options) override {
    asked.push_back({std::string(provides), json::parse(std::string(options)).as_object()});
    return std::make_unique<Talk>(*this);
  }

  std::deque<Result<ActionReply>> replies;
  std::deque<std::string> lines;
  std::vector<std::string> told;
  std::vector<Asked> asked;
  int running = 0;
};

class HookAuthTest : public ::testing::Test {
 protected:
  AuthRequest request(std::string_view user, const Credential& credential, std::string_view factor) const {
    return {
        .user = user, .credential = credential, .protocol = "SSH", .remote = remote, .passed = {}, .factor = factor};
  }
  AuthVerdict ask(const AuthRequest& request) {
    auto verdict = auth.authenticate({}, request, settings);
    EXPECT_TRUE(verdict) << verdict.error().message();
    return verdict ? *std::move(verdict) : AuthVerdict{};
  }
  AuthVerdict with_password(std::string_view user, std::string_view password) {
    const Credential credential = PasswordCredential{std::string(password)};
    return ask(request(user, credential, "password"));
  }
  void reply(std::string body, int code = 0) { actions.replies.push_back(ActionReply{code, std::move(body)}); }
  void deny() { actions.replies.push_back(Error(Errc::PermissionDenied, "hook", "exit status 1")); }

  OneAccount accounts;
  FakeActions actions;
  HookAuth auth{accounts, actions};
  Settings settings;
  Endpoint remote{"192.0.2.1", 1};
};

TEST_F(HookAuthTest, WithoutHooksNobodyIsAsked) {
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Unknown);
  const Credential interactive = InteractiveCredential{};
  EXPECT_EQ(ask(request("anna", interactive, "keyboard-interactive")).answer, Answer::Unknown);
  EXPECT_TRUE(actions.asked.empty());
}

// ---- external authentication

TEST_F(HookAuthTest, AProgramSaysWhoTheUserIs) {
  settings.external_auth = "/hook";
  reply(kUser);
  const auto verdict = with_password("anna", "typed");
  EXPECT_EQ(verdict.answer, Answer::Accepted);
  EXPECT_EQ(verdict.account, kUser);
  EXPECT_EQ(verdict.user, "anna");
  EXPECT_TRUE(verdict.store_credential);
  const auto& asked = actions.asked.at(0);
  EXPECT_EQ(asked.provides, "command");
  EXPECT_EQ(asked.options.at("hook").as_string(), "external_auth");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_USERNAME"), "anna");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_PASSWORD"), "typed");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_PUBLIC_KEY"), "");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_KEYBOARD_INTERACTIVE"), "");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_USER"), accounts.view.document);
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_IP"), "192.0.2.1");
  EXPECT_EQ(asked.variable("SFTPGO_AUTHD_PROTOCOL"), "SSH");
}

TEST_F(HookAuthTest, AnEndpointGetsTheSameAsJson) {
  settings.external_auth = "https://auth.example.com/";
  reply(kUser, 200);
  EXPECT_EQ(with_password("new", "typed").answer, Answer::Accepted);
  const auto body = actions.asked.at(0).body();
  EXPECT_EQ(body.at("username").as_string(), "new");
  EXPECT_EQ(body.at("password").as_string(), "typed");
  EXPECT_FALSE(body.contains("user"));
  EXPECT_FALSE(actions.asked[0].options.at("retry").as_bool());
  reply("", 204);
  EXPECT_EQ(with_password("anna", "typed").answer, Answer::Refused) << "only 200 allows";
}

TEST_F(HookAuthTest, AKeyIsSentAsALineAndQuestionsAsAFlag) {
  settings.external_auth = "/hook";
  PublicKeyCredential key;
  key.blob = std::string("\0\0\0\x0bssh-ed25519", 15) + "xyz";
  const Credential credential = key;
  reply(kUser);
  EXPECT_EQ(ask(request("anna", credential, "publickey")).answer, Answer::Accepted);
  EXPECT_EQ(actions.asked[0].variable("SFTPGO_AUTHD_PUBLIC_KEY"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5eHl6");
  const Credential interactive = InteractiveCredential{};
  reply(kUser);
  const auto verdict = ask(request("anna", interactive, "keyboard-interactive"));
  EXPECT_EQ(verdict.answer, Answer::Unknown) << "the password is still to be asked";
  EXPECT_EQ(verdict.account, kUser);
  EXPECT_FALSE(verdict.store_credential);
  EXPECT_EQ(actions.asked[1].variable("SFTPGO_AUTHD_KEYBOARD_INTERACTIVE"), "1");
}

TEST_F(HookAuthTest, NoAndNobodyAreRefusals) {
  settings.external_auth = "/hook";
  deny();
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Refused);
  reply(R"({"username":""})");
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Refused);
  reply("");
  EXPECT_EQ(with_password("nobody", "right").answer, Answer::Refused);
  reply(" \n");
  const auto verdict = with_password("anna", "typed");
  EXPECT_EQ(verdict.answer, Answer::Accepted);
  EXPECT_TRUE(verdict.account.empty());
  EXPECT_TRUE(verdict.store_credential);
}

TEST_F(HookAuthTest, AHookThatCannotBeAskedIsAnErrorAndNotANo) {
  settings.external_auth = "/hook";
  const Credential credential = PasswordCredential{"right"};
  EXPECT_EQ(auth.authenticate({}, request("anna", credential, "password"), settings).code(), Errc::Unavailable);
  reply("no JSON");
  EXPECT_EQ(auth.authenticate({}, request("anna", credential, "password"), settings).code(), Errc::InvalidArgument);
}

TEST_F(HookAuthTest, ScopesCachesAndAccountsMaySpareTheHook) {
  settings.external_auth = "/hook";
  settings.external_auth_scope = 2;
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Unknown);
  settings.external_auth_scope = 3;
  accounts.view.external_auth = false;
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Unknown);
  EXPECT_TRUE(actions.asked.empty());
}

// ---- before a login

TEST_F(HookAuthTest, PreLoginMakesOrChangesAUser) {
  settings.pre_login = "/hook";
  reply(kUser);
  const auto verdict = with_password("new", "typed");
  EXPECT_EQ(verdict.answer, Answer::Unknown);
  EXPECT_EQ(verdict.account, kUser);
  const auto user = json::parse(actions.asked[0].variable("SFTPGO_LOGIND_USER")).as_object();
  EXPECT_EQ(user.at("id").as_int64(), 0);
  EXPECT_EQ(user.at("username").as_string(), "new");
  EXPECT_EQ(actions.asked[0].variable("SFTPGO_LOGIND_METHOD"), "password");
  EXPECT_EQ(actions.asked[0].variable("SFTPGO_LOGIND_PASSWORD"), "(none)");

  // The same question again, once what it found is stored.
  const Credential credential = PasswordCredential{"typed"};
  AuthRequest again = request("anna", credential, "password");
  again.account_stored = true;
  EXPECT_EQ(ask(again).answer, Answer::Unknown);
  EXPECT_EQ(actions.asked.size(), 1u);
}

TEST_F(HookAuthTest, PreLoginMayChangeNothingOrRefuse) {
  settings.pre_login = "http://localhost/";
  reply("", 204);
  EXPECT_EQ(with_password("anna", "x").answer, Answer::Unknown);
  EXPECT_EQ(actions.asked[0].options.at("query_parameters").as_array().size(), 3u);
  EXPECT_EQ(actions.asked[0].body().at("username").as_string(), "anna");
  deny();
  EXPECT_EQ(with_password("anna", "x").answer, Answer::Refused);
  accounts.view.pre_login = false;
  EXPECT_EQ(with_password("anna", "x").answer, Answer::Unknown);
  EXPECT_EQ(actions.asked.size(), 2u);
}

TEST_F(HookAuthTest, ExternalAuthenticationComesBeforePreLogin) {
  settings.external_auth = "/external";
  settings.external_auth_scope = 1;
  settings.pre_login = "/before";
  reply(kUser);
  EXPECT_EQ(with_password("anna", "x").answer, Answer::Accepted);
  EXPECT_EQ(actions.asked[0].options.at("cmd").as_string(), "/external");
  const Credential key = PublicKeyCredential{};
  reply("");
  EXPECT_EQ(ask(request("anna", key, "publickey")).answer, Answer::Unknown);
  EXPECT_EQ(actions.asked[1].options.at("cmd").as_string(), "/before");
}

// ---- passwords

TEST_F(HookAuthTest, PasswordsAreCheckedByTheHook) {
  settings.check_password = "/hook";
  reply(R"({"status":1})");
  EXPECT_EQ(with_password("anna", "whatever").answer, Answer::Accepted);
  reply(R"({"status":0})");
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Refused);
  reply(R"({"status":2,"to_verify":"right"})");
  EXPECT_EQ(with_password("anna", "right123456").answer, Answer::Accepted);
  reply(R"({"status":2,"to_verify":"wrong"})");
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Refused);
  deny();
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Refused);
  EXPECT_EQ(actions.asked[2].variable("SFTPGO_AUTHD_PASSWORD"), "right123456");
}

TEST_F(HookAuthTest, StrangersCostAsMuch) {
  settings.check_password = "/hook";
  reply(R"({"status":0})");
  (void)with_password("anna", "wrong");
  EXPECT_EQ(accounts.verifications, 1) << "as the next module does for a stranger";
  reply(R"({"status":1})");
  EXPECT_EQ(with_password("nobody", "wrong").answer, Answer::Unknown) << "a hook that says yes makes nobody";
  EXPECT_EQ(actions.asked.size(), 2u);
}

TEST_F(HookAuthTest, SomePasswordsAreNotTheHooks) {
  settings.check_password = "/hook";
  settings.check_password_scope = 2 | 4;
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Unknown);
  settings.check_password_scope = 1;
  EXPECT_EQ(with_password("anna", " ").answer, Answer::Unknown);
  accounts.view.check_password = false;
  EXPECT_EQ(with_password("anna", "right").answer, Answer::Unknown);
  EXPECT_TRUE(actions.asked.empty());
}

TEST_F(HookAuthTest, TheHostsQuestionForAPasswordGoesToTheCheckAlone) {
  settings.external_auth = "/external";
  settings.check_password = "/check";
  const Credential credential = PasswordCredential{"right"};
  reply(R"({"status":1})");
  EXPECT_EQ(ask(request("anna", credential, "keyboard-interactive")).answer, Answer::Accepted);
  EXPECT_EQ(actions.asked.at(0).options.at("cmd").as_string(), "/check");
}

// ---- questions

class ConversationTest : public HookAuthTest {
 protected:
  AuthVerdict begin(std::string_view user = "anna", std::string_view hook = "/ask") {
    const Credential credential = InteractiveCredential{};
    AuthRequest r = request(user, credential, "keyboard-interactive");
    r.interactive_hook = hook;
    return ask(r);
  }
  AuthVerdict answer(const AuthVerdict& asked, std::vector<std::string> answers, std::string_view user = "anna") {
    const Credential credential = InteractiveCredential{std::move(answers)};
    AuthRequest r = request(user, credential, "keyboard-interactive");
    r.interactive_hook = "/ask";
    r.conversation = asked.conversation;
    return ask(r);
  }
};

TEST_F(ConversationTest, AProgramAsksAndDecides) {
  actions.lines = {R"({"instruction":"Two things","questions":["Name? ","Colour? "],"echos":[true,false]})",
                   R"({"auth_result":1})"};
  const auto asked = begin();
  ASSERT_EQ(asked.answer, Answer::Ask);
  EXPECT_EQ(asked.instruction, "Two things");
  ASSERT_EQ(asked.prompts.size(), 2u);
  EXPECT_EQ(actions.asked[0].variable("SFTPGO_AUTHD_PASSWORD"), "stored-hash");
  EXPECT_EQ(actions.asked[0].options.at("timeout").as_int64(), 60);
  EXPECT_EQ(actions.running, 1);
  const auto decided = answer(asked, {"Anna", "blue"});
  EXPECT_EQ(decided.answer, Answer::Accepted);
  EXPECT_TRUE(decided.second_factor_done);
  EXPECT_EQ(actions.told, (std::vector<std::string>{"Anna", "blue"}));
  EXPECT_EQ(actions.running, 0);
}

TEST_F(ConversationTest, TheServerChecksPasswordsAndPasscodesForIt) {
  actions.lines = {R"({"questions":["P: "],"echos":[false],"check_password":1})",
                   R"({"questions":["C: "],"echos":[false],"check_password":2})", R"({"auth_result":1})"};
  auto asked = begin();
  asked = answer(asked, {"right"});
  ASSERT_EQ(asked.answer, Answer::Ask);
  EXPECT_EQ(answer(asked, {"123456"}).answer, Answer::Accepted);
  EXPECT_EQ(actions.told, (std::vector<std::string>{"OK", "OK"}));

  actions.lines = {R"({"questions":["P: "],"echos":[false],"check_password":1})", R"({"auth_result":1})"};
  EXPECT_EQ(answer(begin(), {"wrong"}).answer, Answer::Refused);
  EXPECT_EQ(actions.running, 0) << "the program is ended";
  EXPECT_EQ(actions.told.size(), 2u);
}

TEST_F(ConversationTest, AUrlIsAskedStepByStep) {
  reply(R"({"questions":["Name? "],"echos":[true]})", 200);
  reply(R"({"auth_result":1})", 200);
  const auto asked = begin("anna", "http://localhost/ask");
  EXPECT_EQ(answer(asked, {"Anna"}).answer, Answer::Accepted);
  const auto first = actions.asked.at(0).body(), second = actions.asked.at(1).body();
  EXPECT_EQ(first.at("step").as_int64(), 1);
  EXPECT_TRUE(first.at("answers").is_null());
  EXPECT_TRUE(first.at("questions").is_null());
  EXPECT_EQ(second.at("step").as_int64(), 2);
  EXPECT_EQ(second.at("answers").as_array().at(0).as_string(), "Anna");
  EXPECT_EQ(second.at("questions").as_array().at(0).as_string(), "Name? ");
  EXPECT_EQ(first.at("request_id"), second.at("request_id"));
}

TEST_F(ConversationTest, TheHookMayEndTheConnection) {
  actions.lines = {R"({"auth_result":2,"instruction":"Your account is locked"})"};
  const auto verdict = begin();
  EXPECT_EQ(verdict.answer, Answer::Refused);
  EXPECT_TRUE(verdict.final);
  EXPECT_EQ(verdict.instruction, "Your account is locked");
}

TEST_F(ConversationTest, NobodyIsMadeByAHookThatSaysYes) {
  actions.lines = {R"({"auth_result":1})"};
  EXPECT_EQ(begin("nobody").answer, Answer::Refused);
}

TEST_F(ConversationTest, AnswersThatDoNotFitAreRefused) {
  const char* const question = R"({"questions":["A? "],"echos":[true]})";
  for (const auto& answers : std::vector<std::vector<std::string>>{{}, {"a", "b"}, {"a\nb"}, {"a\r"}}) {
    actions.lines = {question, R"({"auth_result":1})"};
    EXPECT_EQ(answer(begin(), answers).answer, Answer::Refused);
  }
  actions.lines = {question, R"({"auth_result":1})"};
  EXPECT_EQ(answer(begin(), {"a"}, "bob").answer, Answer::Refused) << "the conversation is somebody else's";
  AuthVerdict unknown;
  unknown.conversation = "12345";
  EXPECT_EQ(answer(unknown, {"a"}).answer, Answer::Refused);
}

TEST_F(ConversationTest, AnEndedConversationTakesItsProgramAlong) {
  actions.lines = {R"({"questions":["A? "],"echos":[true]})"};
  const auto asked = begin();
  EXPECT_EQ(actions.running, 1);
  auth.end(asked.conversation);
  EXPECT_EQ(actions.running, 0);
  auth.end(asked.conversation);
  EXPECT_EQ(answer(asked, {"a"}).answer, Answer::Refused);
}

TEST_F(ConversationTest, AConversationHasAnEnd) {
  for (int i = 0; i < 100; ++i) actions.lines.push_back(R"({"questions":["A? "],"echos":[true]})");
  auto asked = begin();
  int steps = 0;
  const auto next = [&]() -> Result<AuthVerdict> {
    const Credential credential = InteractiveCredential{{"a"}};
    AuthRequest r = request("anna", credential, "keyboard-interactive");
    r.interactive_hook = "/ask";
    r.conversation = asked.conversation;
    return auth.authenticate({}, r, settings);
  };
  for (auto verdict = next(); verdict; verdict = next(), ++steps) asked = *verdict;
  EXPECT_EQ(steps, 31);
}

}  // namespace
}  // namespace slipway::auth_hook
