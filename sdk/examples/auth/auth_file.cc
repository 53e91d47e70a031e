// Passwords from a text file: one "user:password" a line. The file is read again at every reload of the configuration.
#include <slipway/auth.h>

#include <array>
#include <fstream>
#include <map>
#include <mutex>

using namespace slipway;

namespace {

constexpr std::array kOptions{
    OptionSpec{"users_file", OptionType::Path, nullptr, "The file with a line \"user:password\" for each user"},
};

using Users = std::map<std::string, std::string, std::less<>>;

// In a time that depends on the length of what was given only.
bool same_password(std::string_view given, std::string_view known) {
  unsigned difference = given.size() != known.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(i < known.size() ? known[i] : 0);
  }
  return difference == 0;
}

class FileAuth final : public AuthModule {
 public:
  explicit FileAuth(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override {
    const std::string path(options.string("users_file"));
    std::ifstream file(path);
    if (!file) return Error(Errc::NotFound, path, "it cannot be read");
    auto users = std::make_shared<Users>();
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      const auto colon = line.find(':');
      if (line.empty() || line.front() == '#') continue;
      if (colon == std::string::npos || colon == 0 || colon + 1 == line.size()) {
        return Error(Errc::InvalidArgument, path + ":" + std::to_string(number), "it is not \"user:password\"");
      }
      (*users)[line.substr(0, colon)] = line.substr(colon + 1);
    }
    host_.logger().info("users read", {{"file", path}, {"users", users->size()}});
    std::lock_guard lock(mutex_);  // logins go on meanwhile
    users_ = std::move(users);
    return ok();
  }

  Result<AuthVerdict> authenticate(const OpContext&, const AuthRequest& request) override {
    AuthVerdict verdict;
    const auto* password = std::get_if<PasswordCredential>(&request.credential);
    if (password == nullptr) return verdict;  // Unknown: other credentials are other modules' matter
    std::shared_ptr<const Users> users;
    {
      std::lock_guard lock(mutex_);
      users = users_;
    }
    const auto found = users->find(request.user);
    if (found == users->end()) return verdict;
    const bool right = same_password(password->password, found->second);
    verdict.answer = right ? AuthVerdict::Answer::Accepted : AuthVerdict::Answer::Refused;
    return verdict;
  }

 private:
  Host& host_;
  std::mutex mutex_;
  std::shared_ptr<const Users> users_ = std::make_shared<Users>();
};

}  // namespace

SLIPWAY_MODULE(FileAuth, .kind = ModuleKind::Auth, .name = "auth-file", .version = "0.1.0",
               .summary = "Example: passwords from a text file", .provides = "password", .options = kOptions.data(),
               .option_count = kOptions.size());
