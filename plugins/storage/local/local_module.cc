// storage-local: options, descriptor and the mounts' factory.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>

#include "local_filesystem.h"
#include "slipway/storage.h"
#include "system_error.h"

namespace {
using namespace slipway;

bool may_change_owners() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  return ::syscall(SYS_capget, &header, data.data()) == 0 && (data[0].effective & (1u << CAP_CHOWN)) != 0;
}

class LocalStorage final : public StorageModule {
 public:
  explicit LocalStorage(Host& host) : host_(host) {}

  Status start() override {
    may_change_owners_ = may_change_owners();
    return local::Root::probe();
  }

  Result<std::unique_ptr<Filesystem>> mount(const OpContext& context, const MountRequest& request) override {
    SLIPWAY_TRY(check(context, request.root));
    local::Ownership owner;
    if (may_change_owners_) {
      if (request.uid != 0) owner.uid = request.uid;
      if (request.gid != 0) owner.gid = request.gid;
    }
    bool created = false;
    SLIPWAY_ASSIGN(auto root, local::Root::open(std::string(request.root), request.create_root, created));
    if (created) {
      SLIPWAY_ASSIGN(const int fd, root->descriptor());
      if (const int why = local::give(fd, owner); why != 0) return local::system_error(why, request.root);
    }
    return std::make_unique<local::LocalFilesystem>(std::move(root), owner, host_.logger());
  }

 private:
  Host& host_;
  bool may_change_owners_ = false;
};

// The page cache of the system is the buffer: reads and writes arrive in the sizes that the protocols use, and a second
// buffer in front of it would only copy. The options exist so that accounts that have them keep working.
constexpr std::array kUseOptions{
    OptionSpec{.name = "read_buffer_size",
               .type = OptionType::Integer,
               .default_value = "0",
               .help = "Accepted for compatibility, in MB; the system's page cache is the read buffer.",
               .minimum = 0,
               .maximum = 10,
               .advanced = true},
    OptionSpec{.name = "write_buffer_size",
               .type = OptionType::Integer,
               .default_value = "0",
               .help = "Accepted for compatibility, in MB; the system's page cache is the write buffer.",
               .minimum = 0,
               .maximum = 10,
               .advanced = true},
};
}  // namespace

SLIPWAY_MODULE(LocalStorage, .kind = ModuleKind::Storage, .name = "storage-local", .version = "0.1.0",
               .summary = "Files in a directory of this machine, every path confined beneath it", .provides = "local",
               .use_options = kUseOptions.data(), .use_option_count = kUseOptions.size(), .provider = 0,
               .provider_section = "osconfig");
