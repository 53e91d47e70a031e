// What a before-event costs that Lua answers: through the bus, the pool and a handler that looks at the event.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/lua/lua_hooks.h"

namespace {

namespace fs = std::filesystem;
using namespace slipway;
using Clock = std::chrono::steady_clock;

constexpr const char* kScript = R"(
local denied = {exe = true, bat = true, js = true}
on("pre-upload", {path = "/in/**"}, function(ev)
  local extension = ev.virtual_path:lower():match("%.([^./]*)$")
  if extension and denied[extension] then return false, "not accepted" end
end)
)";

Event upload(const char* path) {
  Event event;
  event.action = "pre-upload";
  event.username = "somebody";
  event.role = "staff";
  event.path = std::string("/srv/data/somebody") + path;
  event.virtual_path = path;
  event.protocol = "SFTP";
  event.ip = "192.0.2.17";
  event.session_id = "SFTP_0123456789abcdef_1";
  event.file_size = 123'456;
  event.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  return event;
}

// Microseconds of each of `count` calls, sorted.
std::vector<double> measure(events::EventBus& bus, const Event& event, int count) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    (void)bus.before({}, event);
    out.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::ranges::sort(out);
  return out;
}

void print(const char* what, const std::vector<double>& times) {
  std::printf("%-44s median %6.2f us   p99 %6.2f us\n", what, times[times.size() / 2], times[times.size() * 99 / 100]);
}

}  // namespace

int main() {
  std::string directory = (fs::temp_directory_path() / "slipway-bench-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) return 1;
  std::ofstream(directory + "/deny.lua") << kScript;
  {
    events::EventBus bus;
    lua::LuaSettings settings;
    settings.scripts = {directory + "/deny.lua"};
    auto hooks = lua::LuaHooks::make(settings, bus);
    if (!hooks) {
      std::fprintf(stderr, "%s\n", hooks.error().message().c_str());
      return 1;
    }
    const Event allowed = upload("/in/reports/2026/november.pdf"), elsewhere = upload("/out/november.pdf");
    measure(bus, allowed, 10'000);
    print("a handler that allows", measure(bus, allowed, 200'000));
    print("an event that its filter leaves out", measure(bus, elsewhere, 200'000));

    constexpr int kThreads = 4, kCalls = 100'000;
    const auto begin = Clock::now();
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
          for (int i = 0; i < kCalls; ++i) (void)bus.before({}, allowed);
        });
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::printf("%-44s %.0f events/s\n", "four threads at once", kThreads * kCalls / seconds);
  }
  fs::remove_all(directory);
  return 0;
}
