// What the calls of a storage module cost, through its .so: nanoseconds for each, on one thread.
//
//   storage_bench build/release/modules/storage-local.so [directory]
//   strace -c -e trace=file,desc storage_bench ... for the system calls
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fake_host.h"
#include "loaded_module.h"
#include "option_texts.h"
#include "slipway/storage.h"

namespace {
using namespace slipway;

constexpr int kFiles = 10'000;
constexpr std::size_t kFileSize = 4096;

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}
void must(const Status& status) {
  if (!status) fail(status.error());
}
template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  return *std::move(result);
}

long long nanoseconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// The best of three rounds, elapsed and of this thread's processor time.
void measure(const char* what, int count, const std::function<void(int)>& call) {
  long long best_elapsed = INT64_MAX, best_busy = INT64_MAX;
  for (int round = 0; round < 3; ++round) {
    const long long elapsed = nanoseconds(CLOCK_MONOTONIC), busy = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < count; ++i) call(i);
    best_elapsed = std::min(best_elapsed, nanoseconds(CLOCK_MONOTONIC) - elapsed);
    best_busy = std::min(best_busy, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - busy);
  }
  std::printf("%-40s %8lld ns, busy %7lld ns\n", what, best_elapsed / count, best_busy / count);
}

void run(Filesystem& fs, const VPath& directory) {
  const OpContext context;
  std::vector<VPath> paths;
  for (int i = 0; i < kFiles; ++i) paths.push_back(directory.child("file-" + std::to_string(i)));
  const std::vector<std::byte> content(kFileSize, std::byte{'x'});
  std::vector<std::byte> out(32 * 1024);
  std::printf("in %s\n", directory.str().c_str());

  measure("create, write 4 KiB, finish, remove", kFiles, [&](int) {
    const VPath path = directory.child("new");
    {
      const auto file = must(fs.open(context, path, {.write = true, .create = true, .exclusive = true}));
      must(file->write_at(context, 0, content));
      must(file->finish(context));
    }
    must(fs.remove(context, path));
  });
  for (const VPath& path : paths) {
    const auto file = must(fs.open(context, path, OpenOptions::replacing()));
    must(file->write_at(context, 0, content));
    must(file->finish(context));
  }
  measure("open, stat, read 4 KiB, close", kFiles, [&](int i) {
    const auto file = must(fs.open(context, paths[static_cast<std::size_t>(i)], OpenOptions::reading()));
    must(file->stat(context));
    if (must(file->read_at(context, 0, out)) != kFileSize) std::abort();
  });
  measure("stat", kFiles, [&](int i) { must(fs.stat(context, paths[static_cast<std::size_t>(i)], Follow::Yes)); });
  measure("stat of what is absent", kFiles, [&](int) {
    if (fs.stat(context, directory.child("absent"), Follow::No)) std::abort();
  });
  measure("rename and back, each", kFiles / 2, [&](int i) {
    const VPath& path = paths[static_cast<std::size_t>(i)];
    const VPath moved = directory.child("moved");
    must(fs.rename(context, path, moved));
    must(fs.rename(context, moved, path));
  });
  measure("list 10,000 entries", 10, [&](int) {
    const auto cursor = must(fs.list(context, directory));
    std::vector<FileInfo> page;
    std::size_t seen = 0;
    for (bool more = true; more; seen += page.size()) {
      page.clear();
      more = must(cursor->next(context, 500, page));
    }
    if (seen < kFiles) std::abort();
  });
  for (const VPath& path : paths) must(fs.remove(context, path));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s MODULE.so [DIRECTORY]\n", argv[0]);
    return 2;
  }
  std::string root = (std::filesystem::path(argc > 2 ? argv[2] : "/tmp") / "slipway-bench-XXXXXX").string();
  if (::mkdtemp(root.data()) == nullptr) return 2;
  const kit::LoadedModule library(argv[1]);
  kit::FakeHost host(library.descriptor().name);
  const kit::OptionTexts options({library.descriptor().options, library.descriptor().option_count}, {});
  const kit::OptionTexts use(
      {library.descriptor().use_options, library.descriptor().use_option_count},
      std::string_view(library.descriptor().name) == "storage-memory" ? kit::Texts{{"max_size", "1G"}} : kit::Texts{});
  const auto module = library.create(host);
  must(module->configure(options));
  must(module->start());
  {
    const OpContext context;
    const auto fs = must(static_cast<StorageModule&>(*module).mount(context, {.root = root, .options = use}));
    run(*fs, VPath());
    must(fs->make_dir(context, VPath("/a")));
    must(fs->make_dir(context, VPath("/a/b")));
    run(*fs, VPath("/a/b"));
  }
  module->stop();
  std::filesystem::remove_all(root);
  return 0;
}
