#include "core/session/policy_builder.h"

#include <algorithm>

#include "core/base/ip_network.h"
#include "core/log/log.h"
#include "core/session/unusable_filesystem.h"
#include "core/vfs/path.h"

namespace slipway::session {
namespace {

using accounts::EffectiveUser;
using accounts::FolderMount;
using accounts::FsProvider;
using accounts::User;

constexpr std::int64_t kMega = 1024 * 1024;  // the account model's MB of transferred data
constexpr std::int64_t kKilo = 1024;         // and its KB/s

Result<vfs::PermissionMap> permissions_of(const User& user) {
  vfs::PermissionMap map;
  for (const auto& [path, tokens] : user.permissions) {
    SLIPWAY_ASSIGN(const VPath directory, vfs::absolute_path(path));
    vfs::Permissions bits = 0;
    for (const auto& token : tokens) {
      const auto known = vfs::permissions_of_token(token);
      if (!known) return Error(Errc::InvalidArgument, user.username, "unknown permission '" + token + "' at " + path);
      bits |= *known;
    }
    map.add(directory, bits);
  }
  return map;
}

Result<vfs::PatternRules> patterns_of(const User& user) {
  vfs::PatternRules rules;
  for (const auto& filter : user.filters.file_patterns) {
    SLIPWAY_ASSIGN(VPath path, vfs::absolute_path(filter.path));
    rules.add({std::move(path), filter.allowed_patterns, filter.denied_patterns, filter.deny_policy == 1});
  }
  return rules;
}

template <class Limits>
const Limits* first_for_address(const std::vector<Limits>& all, std::string_view address) {
  const auto it = std::ranges::find_if(all, [&](const Limits& l) { return in_any_network(address, l.sources); });
  return it == all.end() ? nullptr : &*it;
}

vfs::TransferLimits transfer_limits_of(const User& user, std::string_view address) {
  const auto make = [](const auto& l) {
    return vfs::TransferLimits{in_bytes(l.upload_data_transfer, kMega), in_bytes(l.download_data_transfer, kMega),
                               in_bytes(l.total_data_transfer, kMega)};
  };
  if (const auto* by_source = first_for_address(user.filters.data_transfer_limits, address)) return make(*by_source);
  return make(user);
}

// A source group's transfers share a bucket of their own; everybody else's share the user's.
void set_bandwidth(vfs::Policy& policy, const User& user, std::string_view address, SharedCounters& counters) {
  std::int64_t up = user.upload_bandwidth, down = user.download_bandwidth;
  std::string group = user.username;
  if (const auto* by_source = first_for_address(user.filters.bandwidth_limits, address)) {
    up = by_source->upload_bandwidth;
    down = by_source->download_bandwidth;
    group += '#' + std::to_string(by_source - user.filters.bandwidth_limits.data());
  }
  policy.upload_bandwidth = counters.bandwidth("up:" + group, in_bytes(up, kKilo));
  policy.download_bandwidth = counters.bandwidth("down:" + group, in_bytes(down, kKilo));
}

bool symlinks_allowed(FsProvider provider, unsigned symlink_mode) {
  if (provider == FsProvider::Sftp) return (symlink_mode & 2) != 0;
  return (symlink_mode & 1) != 0;
}

// So that a client sees the way to a folder even where the home's storage shows what is really there.
void make_parents(const OpContext& ctx, Filesystem& home, const VPath& mount_point) {
  if (mount_point.is_root() || mount_point.parent().is_root()) return;
  const VPath parent = mount_point.parent();
  make_parents(ctx, home, parent);
  if (!has(home.capabilities(), Capability::RealDirectories)) return;
  // Failures do not matter: the mount table shows missing parents all the same.
  if (home.stat(ctx, parent, Follow::Yes).code() == Errc::NotFound) (void)home.make_dir(ctx, parent, 0777);
}

// "192.0.2.1:2022", "[2001:db8::1]:2022"
std::string text_of(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port);
}

class Builder {
 public:
  Builder(const OpContext& ctx, const EffectiveUser& user, const PolicyRequest& request,
          const SessionSettings& settings, SharedCounters& counters, const module::Registry& modules,
          const crypto::SecretKeeper& secrets)
      : ctx_(ctx),
        user_(user),
        request_(request),
        settings_(settings),
        counters_(counters),
        modules_(modules),
        secrets_(secrets) {}

  Result<vfs::Policy> build() {
    const User& user = user_.user;
    vfs::Policy policy;
    policy.user = user.username;
    if (user.uid > 0) policy.uid = static_cast<std::uint32_t>(user.uid);
    if (user.gid > 0) policy.gid = static_cast<std::uint32_t>(user.gid);
    policy.role = user.role;
    set_request(policy, request_);
    SLIPWAY_ASSIGN(policy.permissions, permissions_of(user));
    SLIPWAY_ASSIGN(policy.patterns, patterns_of(user));
    policy.upload_mode = settings_.upload_mode;
    policy.setstat_mode = settings_.setstat_mode;
    policy.recursive_store_rename = settings_.recursive_store_rename;
    policy.max_upload_size = user.filters.max_upload_file_size;
    policy.transfer_limits = transfer_limits_of(user, request_.remote.address);
    SLIPWAY_ASSIGN(policy.transferred, counters_.user_transfers(user.username, policy.transfer_limits));
    set_bandwidth(policy, user, request_.remote.address, counters_);

    user_limits_ = {in_bytes(user.quota_size, 1), user.quota_files};
    SLIPWAY_ASSIGN(user_quota_, counters_.user_quota(user.username, user_limits_));
    SLIPWAY_TRY(add_mounts(policy));
    return policy;
  }

 private:
  Status add_mounts(vfs::Policy& policy) {
    const User& user = user_.user;
    const bool folder_at_root =
        std::ranges::any_of(user_.folders, [](const FolderMount& f) { return f.virtual_path == "/"; });
    if (!folder_at_root) {
      SLIPWAY_ASSIGN(vfs::Mount home, make_mount(user.filesystem, user.home_dir));
      home.quota = user_quota_;
      home.limits = user_limits_;
      policy.mounts.push_back(std::move(home));
    }
    for (const FolderMount& folder : user_.folders) {
      SLIPWAY_ASSIGN(vfs::Mount mount, make_folder(folder));
      SLIPWAY_ASSIGN(mount.at, vfs::absolute_path(folder.virtual_path));
      mount.folder = folder.folder.name;
      if (folder.in_user_quota()) {
        mount.quota = user_quota_;
        mount.limits = user_limits_;
      } else {
        SLIPWAY_ASSIGN(mount.quota, folder_quota(folder));
        mount.limits = {in_bytes(folder.quota_size, 1), folder.quota_files};
      }
      policy.mounts.push_back(std::move(mount));
    }
    if (!user.filters.disable_fs_checks && !folder_at_root)
      for (const auto& mount : policy.mounts) make_parents(ctx_, *policy.mounts.front().fs, mount.at);
    return ok();
  }

  // A folder that is not there any more has no counters either.
  Result<std::shared_ptr<vfs::QuotaAccount>> folder_quota(const FolderMount& folder) {
    if (!folder.problem.empty()) return std::shared_ptr<vfs::QuotaAccount>();
    return counters_.folder_quota(folder.folder.name);
  }

  // A folder that cannot be mounted does not keep its user out: it stands there, unusable, and the log says why.
  Result<vfs::Mount> make_folder(const FolderMount& folder) {
    std::string problem = folder.problem;
    if (problem.empty()) {
      auto mount = make_mount(folder.folder.filesystem, folder.folder.mapped_path);
      if (mount) return mount;
      problem = mount.error().message();
    }
    log::write(LogLevel::Error, "sessions", request_.connection_id, "unable to mount a virtual folder",
               {{"username", user_.user.username},
                {"folder", folder.folder.name},
                {"virtual_path", folder.virtual_path},
                {"error", problem}});
    vfs::Mount unusable;
    unusable.fs = std::make_shared<UnusableFilesystem>("the folder's storage is not available");
    unusable.provider = static_cast<int>(folder.folder.filesystem.provider);
    unusable.resource = "unusable " + folder.virtual_path;
    return unusable;
  }

  Result<vfs::Mount> make_mount(const accounts::FilesystemConfig& config, const std::string& root) {
    const User& user = user_.user;
    MountPlace place;
    place.root = root;
    place.create_root = !user.filters.disable_fs_checks;
    place.uid = static_cast<std::uint32_t>(std::max<std::int64_t>(0, user.uid));
    place.gid = static_cast<std::uint32_t>(std::max<std::int64_t>(0, user.gid));
    SLIPWAY_ASSIGN(MountedFilesystem mounted, mount(ctx_, config, place, modules_, secrets_));
    vfs::Mount result;
    result.fs = std::move(mounted.fs);
    if (config.provider == accounts::FsProvider::Module) result.module = config.module;
    result.provider = static_cast<int>(config.provider);
    result.bucket = std::move(mounted.bucket);
    result.endpoint = std::move(mounted.endpoint);
    result.resource = std::move(mounted.resource);
    result.symlinks = symlinks_allowed(config.provider, settings_.symlink_mode);
    result.staging = staging_for(config);
    return result;
  }

  // common.temp_path, as the same kind of storage, so that an encrypted one stays encrypted. Only storages on local
  // disks have a use for it; where it cannot be used, uploads are staged beside their targets.
  std::shared_ptr<Filesystem> staging_for(const accounts::FilesystemConfig& config) {
    const bool on_disk =
        config.provider == accounts::FsProvider::Local || config.provider == accounts::FsProvider::Crypt;
    if (!on_disk || settings_.temp_path.empty() || settings_.upload_mode == vfs::UploadMode::Direct) return nullptr;
    MountPlace place;
    place.root = settings_.temp_path;
    place.create_root = false;
    auto mounted = mount(ctx_, config, place, modules_, secrets_);
    if (mounted) return std::move(mounted->fs);
    log::write(LogLevel::Warn, "sessions", request_.connection_id, "unable to stage uploads in common.temp_path",
               {{"path", settings_.temp_path}, {"error", mounted.error().message()}});
    return nullptr;
  }

  const OpContext& ctx_;
  const EffectiveUser& user_;
  const PolicyRequest& request_;
  const SessionSettings& settings_;
  SharedCounters& counters_;
  const module::Registry& modules_;
  const crypto::SecretKeeper& secrets_;
  vfs::QuotaLimits user_limits_;
  std::shared_ptr<vfs::QuotaAccount> user_quota_;
};

}  // namespace

void set_request(vfs::Policy& policy, const PolicyRequest& request) {
  policy.protocol = request.protocol;
  policy.ip = request.remote.address;
  policy.connection_id = request.connection_id;
  policy.local_address = text_of(request.local);
  policy.remote_address = text_of(request.remote);
}

Result<vfs::Policy> build_policy(const OpContext& ctx, const EffectiveUser& user, const PolicyRequest& request,
                                 const SessionSettings& settings, SharedCounters& counters,
                                 const module::Registry& modules, const crypto::SecretKeeper& secrets) {
  return Builder(ctx, user, request, settings, counters, modules, secrets).build();
}

}  // namespace slipway::session
