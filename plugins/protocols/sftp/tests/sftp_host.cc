// Serves one directory to one user through the built module, for tests with real clients and for measurements.
//
// usage: sftp_host MODULE.so ROOT CONFIG_DIR [key=value ...]
//   user= password= authorized_keys=FILE question= key_then_password=1 start= max_sessions= refuse=1 log=debug
//   anything else is an option of the module; "bindings[0].port=1" listens on a free port.
// Prints "listening PORT", then reads commands: "sessions" prints the open ones, "close" ends them, "drain" drains,
// "stop" (or the end of the input) stops.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "fake_host.h"

int main(int argc, char** argv) {
  using namespace slipway;
  using namespace slipway::sftp::testing;
  if (argc < 4) {
    std::cerr << "usage: sftp_host MODULE.so ROOT CONFIG_DIR [key=value ...]\n";
    return 2;
  }
  FakeUser user;
  user.root = argv[2];
  auto level = LogLevel::Warn;
  std::vector<std::string> options;
  for (int i = 4; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto key = argument.substr(0, argument.find('='));
    const auto value = argument.substr(std::min(key.size() + 1, argument.size()));
    if (key == "user") {
      user.name = value;
    } else if (key == "password") {
      user.password = value;
    } else if (key == "authorized_keys") {
      std::ifstream in(value);
      for (std::string line; std::getline(in, line);) {
        std::string type, blob;
        if (std::istringstream(line) >> type >> blob) user.public_keys.push_back(blob);
      }
    } else if (key == "question") {
      user.question = value;
    } else if (key == "key_then_password") {
      user.key_then_password = value == "1";
    } else if (key == "start") {
      user.start_directory = value;
    } else if (key == "max_sessions") {
      user.max_sessions = static_cast<unsigned>(std::stoul(value));
    } else if (key == "refuse") {
      user.refuse_connections = value == "1";
    } else if (key == "log") {
      level = value == "debug" ? LogLevel::Debug : LogLevel::Info;
    } else {
      options.push_back(argument);
    }
  }

  LoadedModule library(argv[1]);
  const auto* descriptor = library.descriptor();
  if (descriptor == nullptr) {
    std::cerr << argv[1] << ": " << library.error() << "\n";
    return 1;
  }
  FakeHost host(std::move(user), argv[3], level);
  const FakeOptions view(descriptor->options, descriptor->option_count, options);
  std::unique_ptr<Module, void (*)(Module*) noexcept> module(descriptor->create(host), descriptor->destroy);
  auto& protocol = static_cast<ProtocolModule&>(*module);
  auto status = protocol.configure(view);
  if (status) status = protocol.start();
  if (!status) {
    std::cerr << status.error().message() << "\n";
    return 1;
  }
  for (const auto& endpoint : protocol.listening()) std::printf("listening %u\n", endpoint.port);
  std::fflush(stdout);

  for (std::string command; std::getline(std::cin, command) && command != "stop";) {
    if (command == "sessions") {
      std::string line = "sessions";
      for (const auto& id : host.sessions()) line += " " + id;
      std::puts(line.c_str());
    } else if (command == "close") {
      host.close_sessions();
      std::puts("closed");
    } else if (command == "drain") {
      protocol.drain(std::chrono::steady_clock::now() + std::chrono::seconds(10));
      std::puts("drained");
    } else if (command.starts_with("configure ")) {
      std::vector<std::string> changed = options;
      std::istringstream in(command.substr(10));
      for (std::string option; in >> option;) changed.push_back(option);
      const auto result = protocol.configure(FakeOptions(descriptor->options, descriptor->option_count, changed));
      std::puts(result ? "configured" : result.error().message().c_str());
    } else if (command == "identity") {
      auto* identity = static_cast<ServerIdentity*>(protocol.query(ServerIdentity::kInterfaceId));
      for (const auto& line : identity->fingerprints()) std::puts(line.c_str());
      std::puts("end");
    }
    std::fflush(stdout);
  }
  protocol.stop();
  return 0;
}
