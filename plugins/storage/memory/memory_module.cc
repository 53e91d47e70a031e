// storage-memory: options, descriptor and the trees that mounts share.
#include <array>

#include "memory_filesystem.h"
#include "slipway/storage.h"

namespace {
using namespace slipway;

class MemoryStorage final : public StorageModule {
 public:
  explicit MemoryStorage(Host&) {}

  Result<std::unique_ptr<Filesystem>> mount(const OpContext& context, const MountRequest& request) override {
    SLIPWAY_TRY(check(context, "mount"));
    const std::string_view name = request.options.string("name");
    // A home directory names a tree as well as anything: each account gets its own. The prefixes keep the two apart.
    std::string key = name.empty() ? "home:" + std::string(request.root) : "name:" + std::string(name);
    if (name.empty() && request.root.empty()) {
      return Error(Errc::InvalidArgument, "storage-memory", "without a home directory the option `name` is needed");
    }
    const auto max_size = static_cast<std::uint64_t>(request.options.integer("max_size"));
    std::lock_guard lock(mutex_);
    auto& tree = trees_[std::move(key)];
    if (tree == nullptr) tree = std::make_shared<memory::Tree>(max_size);
    tree->budget->set_limit(max_size);
    return std::make_unique<memory::MemoryFilesystem>(tree);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<memory::Tree>> trees_;
};

constexpr std::array kUseOptions{
    OptionSpec{.name = "name",
               .type = OptionType::String,
               .default_value = "",
               .help = "Mounts of one name share one tree; without a name the home directory's path names it."},
    OptionSpec{.name = "max_size",
               .type = OptionType::Bytes,
               .default_value = "64M",
               .help = "Memory that all files of the tree may take together; the newest mount's value counts.",
               .minimum = 4096},
};
}  // namespace

SLIPWAY_MODULE(MemoryStorage, .kind = ModuleKind::Storage, .name = "storage-memory", .version = "0.1.0",
               .summary = "Files that live in memory, as long as the server runs", .provides = "memory",
               .use_options = kUseOptions.data(), .use_option_count = kUseOptions.size());
