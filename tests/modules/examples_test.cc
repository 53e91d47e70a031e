// The SDK's examples, as a third party built them, in the real module host.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "core/base/unique_fd.h"
#include "core/module/inspect.h"
#include "core/module/supervisor.h"
#include "core/net/listener.h"

namespace slipway::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const OpContext kContext;

// Options of one use, as the core would read them.
class UseOptions {
 public:
  UseOptions(const ModuleDescriptor& descriptor, json::object document) : document_(std::move(document)) {
    config::OptionSource source;
    source.document = &document_;
    source.where = "use";
    source.config_dir = "/";
    std::vector<config::Problem> problems;
    values_ = config::read_options({descriptor.use_options, descriptor.use_option_count}, source, problems);
    for (const auto& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
  }
  const OptionView& get() const { return values_; }

 private:
  json::object document_;
  config::OptionValues values_;
};

// One user who sees one filesystem: what a session gives to a protocol, without accounts.
class OneUserSessions final : public SessionService, public PathResolver {
 public:
  explicit OneUserSessions(Filesystem& fs) : fs_(fs) {}
  Result<std::unique_ptr<Admitted>> admit(const ConnectionRequest&) override {
    return std::make_unique<OneAdmitted>(fs_);
  }
  Result<VPath> resolve(const VPath& base, std::string_view path) const override {
    return path.starts_with('/') ? VPath(std::string(path)) : base.child(path);
  }

 private:
  struct OneSession final : Session {
    explicit OneSession(Filesystem& fs) : fs_(fs) {}
    Filesystem& fs() noexcept override { return fs_; }
    const std::string& id() const noexcept override { return user_; }
    const std::string& user() const noexcept override { return user_; }
    const VPath& start_directory() const noexcept override { return root_; }
    std::stop_token stop_token() const noexcept override { return {}; }
    OpContext context() const noexcept override { return {}; }
    void set_command(std::string_view) override {}
    std::chrono::steady_clock::duration idle() const noexcept override { return {}; }
    Filesystem& fs_;
    std::string user_ = "ada";
    VPath root_;
  };
  struct OneLogin final : Login {
    explicit OneLogin(Filesystem& fs) : fs_(fs) {}
    const std::string& user() const noexcept override { return user_; }
    Result<std::unique_ptr<Session>> open(std::string_view, std::string_view) override {
      return std::make_unique<OneSession>(fs_);
    }
    Filesystem& fs_;
    std::string user_ = "ada";
  };
  struct Attempt final : LoginAttempt {
    explicit Attempt(Filesystem& fs) : fs_(fs) {}
    std::vector<std::string> methods() const override { return {"password"}; }
    LoginStep submit(const OpContext&, std::string_view user, const Credential& credential) override {
      LoginStep step;
      const auto* password = std::get_if<PasswordCredential>(&credential);
      if (user != "ada" || password == nullptr || password->password != "lovelace") return step;
      step.outcome = LoginStep::Outcome::Accepted;
      step.login = std::make_unique<OneLogin>(fs_);
      return step;
    }
    Filesystem& fs_;
  };
  struct OneAdmitted final : Admitted {
    explicit OneAdmitted(Filesystem& fs) : fs_(fs) {}
    Result<std::unique_ptr<LoginAttempt>> begin(const OpContext&) override { return std::make_unique<Attempt>(fs_); }
    Filesystem& fs_;
  };
  Filesystem& fs_;
};

class ExamplesTest : public ::testing::Test {
 protected:
  ExamplesTest() {
    std::string pattern = (fs::temp_directory_path() / "slipway-examples-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    services_->add<ListenerService>(listeners_);
  }
  ~ExamplesTest() override {
    supervisor_.shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(10)).ok();
    fs::remove_all(folder_);
  }
  void start(const json::object& load, const json::object& sections = {}) {
    json::object document = sections;
    document["modules"] = json::object{{"search_path", {SLIPWAY_EXAMPLES}}, {"load", load}};
    auto started = supervisor_.start(config::Configuration::from_document(document, folder_.string()));
    ASSERT_TRUE(started) << started.error().message();
  }
  std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
  net::Listeners listeners_;
  std::shared_ptr<module::Services> services_ = std::make_shared<module::Services>();
  ThreadPool pool_{2};
  module::Supervisor supervisor_{{pool_, services_, {}}};
};

void put(Filesystem& fs, const std::string& path, std::string_view content) {
  auto file = fs.open(kContext, VPath(path), OpenOptions::replacing());
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_TRUE((*file)->write_at(kContext, 0, std::as_bytes(std::span(content))));
  ASSERT_TRUE((*file)->finish(kContext));
}

std::string get(Filesystem& fs, const std::string& path) {
  auto file = fs.open(kContext, VPath(path), OpenOptions::reading());
  if (!file) return file.error().message();
  std::string content(1000, '\0');
  content.resize(*(*file)->read_at(kContext, 0, std::as_writable_bytes(std::span(content))));
  return content;
}

TEST_F(ExamplesTest, AllOfThemAreGoodInTheEyesOfCheck) {
  std::vector<std::string> sections;
  const auto configuration = config::Configuration::from_document(
      {{"modules", json::object{{"search_path", {SLIPWAY_EXAMPLES}}, {"load", json::object{}}}}}, "/");
  auto checks = module::check_modules(*configuration, {}, sections);
  ASSERT_TRUE(checks);
  ASSERT_EQ(checks->size(), 5u);
  for (const auto& check : *checks) EXPECT_TRUE(check.good) << check.line;
}

TEST_F(ExamplesTest, TheStorageKeepsFilesOnShelves) {
  start({{"storage-shelf", json::object{}}});
  const auto storage = supervisor_.storage("storage-shelf");
  ASSERT_TRUE(storage);
  const UseOptions books(storage.descriptor(), {{"shelf", "books"}}), records(storage.descriptor(), {});
  auto first = *storage->mount(kContext, {.options = books.get()});
  auto second = *storage->mount(kContext, {.options = books.get()});
  auto other = *storage->mount(kContext, {.options = records.get()});
  put(*first, "/faust", "Habe nun, ach!");
  EXPECT_EQ(get(*second, "/faust"), "Habe nun, ach!");
  EXPECT_EQ(get(*other, "/faust"), "/faust: not-found");
  {
    auto abandoned = *first->open(kContext, VPath("/half"), OpenOptions::replacing());
    ASSERT_TRUE(abandoned->write_at(kContext, 0, std::as_bytes(std::span("x", 1))));
    EXPECT_EQ(abandoned->write_at(kContext, 9, std::as_bytes(std::span("x", 1))).code(), Errc::NotSupported);
  }
  EXPECT_EQ(first->stat(kContext, VPath("/half"), Follow::Yes).code(), Errc::NotFound);
  std::vector<FileInfo> entries;
  auto cursor = *first->list(kContext, VPath());
  EXPECT_FALSE(*cursor->next(kContext, 10, entries));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "faust");
  EXPECT_EQ(entries[0].size, 14u);
  EXPECT_TRUE(second->remove(kContext, VPath("/faust")));
  EXPECT_EQ(first->remove(kContext, VPath("/faust")).code(), Errc::NotFound);
}

TEST_F(ExamplesTest, TheAuthModuleKnowsTheUsersOfItsFile) {
  std::ofstream(folder_ / "users") << "# people\nada:lovelace\n\ngrace:hop:per\n";
  start({{"auth-file", json::object{{"options", json::object{{"users_file", "users"}}}}}});
  const auto chain = supervisor_.auth_chain();
  ASSERT_EQ(chain.size(), 1u);
  const Endpoint remote{"192.0.2.1", 7};
  const auto answer = [&](std::string_view user, const Credential& credential) {
    return chain[0]->authenticate(kContext, {user, credential, "SSH", remote, {}})->answer;
  };
  using enum AuthVerdict::Answer;
  EXPECT_EQ(answer("ada", PasswordCredential{"lovelace"}), Accepted);
  EXPECT_EQ(answer("grace", PasswordCredential{"hop:per"}), Accepted);
  EXPECT_EQ(answer("ada", PasswordCredential{"lovelac"}), Refused);
  EXPECT_EQ(answer("ada", PasswordCredential{""}), Refused);
  EXPECT_EQ(answer("ada", PasswordCredential{"lovelace2"}), Refused);
  EXPECT_EQ(answer("nobody", PasswordCredential{"lovelace"}), Unknown);
  EXPECT_EQ(answer("ada", InteractiveCredential{}), Unknown);
}

TEST_F(ExamplesTest, TheActionWritesALineForEveryEvent) {
  start({{"action-journal", json::object{}}});
  const auto action = supervisor_.action("journal");
  ASSERT_TRUE(action);
  const UseOptions options(action.descriptor(), {{"path", (folder_ / "journal").string()}, {"sync", true}});
  Event event;
  event.action = "upload";
  event.username = "ada";
  event.virtual_path = "/tab\there";
  event.file_size = 12;
  event.at = Timestamp(std::chrono::seconds(1700000000));
  ASSERT_TRUE(action->run(kContext, {event, options.get()}));
  event.status = EventStatus::Error;
  ASSERT_TRUE(action->run(kContext, {event, options.get()}));
  EXPECT_EQ(read(folder_ / "journal"),
            "1700000000\tupload\tada\t/tab\\x09here\t\t12\tok\n1700000000\tupload\tada\t/tab\\x09here\t\t12\terror\n");
  const UseOptions bad(action.descriptor(), {{"path", (folder_ / "absent" / "journal").string()}});
  EXPECT_EQ(action->run(kContext, {event, bad.get()}).code(), Errc::IoError);
}

std::string ask(const Endpoint& endpoint, std::string_view line) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return "not connected";
  EXPECT_EQ(::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL), static_cast<ssize_t>(line.size()));
  std::string answer;
  for (char buffer[256];;) {
    const ssize_t size = ::read(fd.get(), buffer, sizeof(buffer));
    if (size <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(size));
  }
}

// Protocols with a user, whose files are on a shelf. The shelf lives in a supervisor of its own: it must outlive their
// sessions.
class ExampleProtocolsTest : public ExamplesTest {
 protected:
  void SetUp() override {
    const auto configuration = config::Configuration::from_document(
        {{"modules", json::object{{"search_path", {SLIPWAY_EXAMPLES}},
                                  {"load", json::object{{"storage-shelf", json::object{}}}}}}},
        "/");
    ASSERT_TRUE(storages_.start(configuration));
    const auto storage = storages_.storage("storage-shelf");
    const UseOptions options(storage.descriptor(), {});
    files_ = *storage->mount(kContext, {.options = options.get()});
    put(*files_, "/hello world", "Hello!\n");
    sessions_.emplace(*files_);
    services_->add<SessionService>(*sessions_);
    services_->add<PathResolver>(*sessions_);
  }
  void TearDown() override { (void)supervisor_.shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(10)); }

  module::Supervisor storages_{{pool_, services_, {}}};
  std::unique_ptr<Filesystem> files_;
  std::optional<OneUserSessions> sessions_;
};

TEST_F(ExampleProtocolsTest, OneLogsInAndSendsAFile) {
  start({{"protocol-cat", json::object{{"options", json::object{{"port", 0}}}}}});
  ASSERT_EQ(supervisor_.listening().size(), 1u);
  const Endpoint endpoint = supervisor_.listening()[0];
  EXPECT_EQ(ask(endpoint, "ada lovelace hello world\n"), "ok 7\nHello!\n");
  EXPECT_EQ(ask(endpoint, "ada wrong hello\n"), "no\n");
  EXPECT_EQ(ask(endpoint, "ada lovelace absent\n"), "no: /absent: not-found\n");
  EXPECT_EQ(ask(endpoint, "nonsense\n"), "no: send USER PASSWORD PATH\n");
  // A client that says nothing does not hold up the end.
  const UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(silent.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(supervisor_.shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  EXPECT_EQ(ask(endpoint, "ada lovelace hello\n"), "not connected");
}

TEST_F(ExampleProtocolsTest, OneServesFilesOnTheHttpLibrary) {
  start({{"protocol-web", json::object{{"options", json::object{{"port", 0}}}}}});
  ASSERT_EQ(supervisor_.listening().size(), 1u);
  const Endpoint endpoint = supervisor_.listening()[0];
  const auto get = [&](const std::string& path, const std::string& fields) {
    return ask(endpoint, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
  };
  const std::string ada = "Authorization: Basic YWRhOmxvdmVsYWNl\r\n";
  const std::string whole = get("/hello%20world", ada);
  EXPECT_TRUE(whole.starts_with("HTTP/1.1 200 OK\r\n")) << whole;
  EXPECT_TRUE(whole.ends_with("\r\n\r\nHello!\n")) << whole;
  const std::string part = get("/hello%20world", ada + "Range: bytes=1-3\r\n");
  EXPECT_TRUE(part.starts_with("HTTP/1.1 206 ")) << part;
  EXPECT_TRUE(part.ends_with("\r\n\r\nell")) << part;
  EXPECT_TRUE(get("/hello%20world", "").starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(get("/hello%20world", "Authorization: Basic YWRhOndyb25n\r\n").starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(get("/absent", ada).starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(get("/../hello", ada).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(supervisor_.shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  EXPECT_EQ(get("/hello%20world", ada), "not connected");
}

TEST_F(ExamplesTest, ProtocolsSaySoWhenTheyAreDeniedAService) {
  for (const std::string name : {"cat", "web"}) {
    json::object document{{"modules", json::object{{"search_path", {SLIPWAY_EXAMPLES}},
                                                   {"load", json::object{{"protocol-" + name, json::object{}}}}}}};
    auto started = supervisor_.start(config::Configuration::from_document(document, "/"));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message(),
              "module protocol-" + name + ": it does not start: " + name + ": it is denied a service");
  }
}

}  // namespace
}  // namespace slipway::test
