// storage_conformance --module=storage-mine.so [--root=DIR] [--option=KEY=VALUE]... [--module-option=KEY=VALUE]...
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "storage_fixture.h"

namespace {

bool take(std::string_view argument, std::string_view prefix, std::string_view& value) {
  if (!argument.starts_with(prefix)) return false;
  value = argument.substr(prefix.size());
  return true;
}

bool add(slipway::kit::Texts& texts, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == assignment.npos) return false;
  texts.insert_or_assign(std::string(assignment.substr(0, equals)), std::string(assignment.substr(equals + 1)));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto& run = slipway::kit::StorageRun::get();
  std::filesystem::path parent = std::filesystem::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    std::string_view value;
    const bool known = (take(argv[i], "--module=", value) && !(run.module_path = value).empty()) ||
                       (take(argv[i], "--root=", value) && !(parent = value).empty()) ||
                       (take(argv[i], "--option=", value) && add(run.use_options, value)) ||
                       (take(argv[i], "--module-option=", value) && add(run.module_options, value));
    if (!known) {
      std::fprintf(stderr, "unknown argument '%s'\n", argv[i]);
      return 2;
    }
  }
  if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
  if (run.module_path.empty()) {
    std::fprintf(stderr,
                 "usage: %s --module=FILE.so [--root=DIR] [--option=KEY=VALUE]... [--module-option=KEY=VALUE]...\n",
                 argv[0]);
    return 2;
  }
  // A server ignores them too: a limit on file sizes is an error of the write, a lost peer one of the send.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);

  std::string directory = (parent / "slipway-conformance-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) {
    std::fprintf(stderr, "%s: %s\n", directory.c_str(), std::strerror(errno));
    return 2;
  }
  run.directory = directory;
  int result = 2;
  try {
    std::printf("module under test: %s\n", slipway::kit::StartedModule::library().path().c_str());
    result = RUN_ALL_TESTS();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return result;
}
