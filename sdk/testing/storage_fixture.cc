#include "storage_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace slipway::kit {
namespace {

std::string next_unique() {
  static std::atomic<unsigned> counter{0};
  return std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

Texts fill_in(Texts texts, const std::string& unique, const std::string& root) {
  for (auto& [name, text] : texts) {
    for (const auto& [placeholder, value] : {std::pair("{unique}", &unique), std::pair("{root}", &root)}) {
      for (auto at = text.find(placeholder); at != text.npos; at = text.find(placeholder, at + value->size())) {
        text.replace(at, std::string_view(placeholder).size(), *value);
      }
    }
  }
  return texts;
}

std::span<const OptionSpec> table(const OptionSpec* specs, std::size_t count) { return {specs, count}; }

}  // namespace

StorageRun& StorageRun::get() {
  static StorageRun run;
  return run;
}

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

const LoadedModule& StartedModule::library() {
  static const LoadedModule loaded(StorageRun::get().module_path);
  return loaded;
}

StartedModule::StartedModule(const Texts& options)
    : host_(library().descriptor().name), object_(library().create(host_)) {
  Status status = reconfigure(options);
  if (status) status = object_->start();
  if (!status) throw std::runtime_error(status.error().message());
}

Status StartedModule::reconfigure(const Texts& options) {
  const ModuleDescriptor& descriptor = library().descriptor();
  options_.push_back(std::make_unique<OptionTexts>(table(descriptor.options, descriptor.option_count), options));
  return object_->configure(*options_.back());
}

StartedModule::~StartedModule() {
  object_->drain(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  host_.close_tasks();
  object_->stop();
}

StorageFixture::StorageFixture() : module_(StorageRun::get().module_options), unique_(next_unique()) {
  directory_ = StorageRun::get().directory / unique_;
  std::filesystem::create_directories(outside());
  fs_ = mount_again();
}

StorageFixture::~StorageFixture() {
  fs_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::unique_ptr<Filesystem> StorageFixture::mount_again() {
  const ModuleDescriptor& descriptor = StartedModule::library().descriptor();
  const std::string place = root().string();
  const OptionTexts options(table(descriptor.use_options, descriptor.use_option_count),
                            fill_in(StorageRun::get().use_options, unique_, place));
  auto mounted = module_.object().mount(context_, {.root = place, .options = options});
  if (!mounted) throw std::runtime_error("mount: " + mounted.error().message());
  return *std::move(mounted);
}

bool StorageFixture::folders() {
  const VPath probe("/kit-probe");
  const Status made = fs_->make_dir(context_, probe);
  if (made) {
    EXPECT_OK(fs_->remove_dir(context_, probe));
    return true;
  }
  EXPECT_CODE(Errc::NotSupported, made);
  EXPECT_FALSE(can(Capability::RealDirectories));
  EXPECT_FALSE(exists(probe));
  return false;
}

void StorageFixture::put(const VPath& path, std::span<const std::byte> content) {
  const auto file = open(path, OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, content));
  ASSERT_OK(file->finish(context_));
}

Bytes StorageFixture::get(Filesystem& fs, const VPath& path) {
  const OpContext context;
  auto file = fs.open(context, path, OpenOptions::reading());
  EXPECT_TRUE(file.ok()) << file.error().message();
  if (!file) return {};
  Bytes content;
  for (;;) {
    Bytes piece(64 << 10);
    const auto n = (*file)->read_at(context, content.size(), piece);
    EXPECT_TRUE(n.ok()) << n.error().message();
    if (!n || *n == 0) return content;
    content.insert(content.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*n));
  }
}

std::string StorageFixture::get_text(const VPath& path) {
  const Bytes content = get(path);
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

void StorageFixture::make_dir(const VPath& path) { ASSERT_OK(fs_->make_dir(context_, path)); }

std::unique_ptr<File> StorageFixture::open(const VPath& path, const OpenOptions& options) {
  auto file = fs_->open(context_, path, options);
  EXPECT_TRUE(file.ok()) << file.error().message();
  return file ? *std::move(file) : nullptr;
}

FileInfo StorageFixture::stat(const VPath& path, Follow follow) {
  auto info = fs_->stat(context_, path, follow);
  EXPECT_TRUE(info.ok()) << info.error().message();
  return info ? *std::move(info) : FileInfo();
}

bool StorageFixture::exists(const VPath& path) {
  const auto info = fs_->stat(context_, path, Follow::No);
  EXPECT_TRUE(info.ok() || info.code() == Errc::NotFound || info.code() == Errc::NotDirectory)
      << info.error().message();
  return info.ok();
}

std::vector<FileInfo> StorageFixture::list(const VPath& path, std::size_t page) {
  auto cursor = fs_->list(context_, path);
  EXPECT_TRUE(cursor.ok()) << cursor.error().message();
  std::vector<FileInfo> entries;
  if (!cursor) return entries;
  for (bool more = true; more;) {
    const std::size_t before = entries.size();
    const auto next = (*cursor)->next(context_, page, entries);
    EXPECT_TRUE(next.ok()) << next.error().message();
    EXPECT_LE(entries.size() - before, page);
    more = next.ok() && *next;
  }
  return entries;
}

std::vector<std::string> StorageFixture::names(const VPath& path) {
  std::vector<std::string> names;
  for (const FileInfo& entry : list(path)) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace slipway::kit
