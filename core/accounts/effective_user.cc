#include "core/accounts/effective_user.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "core/accounts/placeholders.h"

namespace slipway::accounts {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMostDays = 36'500'000;  // a hundred thousand years, far from overflow

template <class T>
void inherit(T& own, const T& inherited) {
  if (own == T{}) own = inherited;
}

void add_all(std::vector<std::string>& own, const std::vector<std::string>& more) {
  for (const auto& item : more) {
    if (std::find(own.begin(), own.end(), item) == own.end()) own.push_back(item);
  }
}

template <class T>
void append(std::vector<T>& own, const std::vector<T>& more) {
  own.insert(own.end(), more.begin(), more.end());
}

void expand(FilesystemConfig& config, const Placeholders& values) {
  for (auto* prefix : {&config.s3config.key_prefix, &config.gcsconfig.key_prefix, &config.azblobconfig.key_prefix,
                       &config.sftpconfig.prefix}) {
    *prefix = values.expand_path(*prefix);
  }
  for (auto* name : {&config.sftpconfig.username, &config.httpconfig.username, &config.ftpconfig.username}) {
    *name = values.expand(*name);
  }
  config.moduleconfig.text = values.expand_json(config.moduleconfig.text);
}

// Makes `subpath` part of where the folder's files are; empty, or why that cannot be.
std::string enter_subpath(Folder& folder, const std::string& subpath) {
  auto& config = folder.filesystem;
  const auto into_key = [&](std::string& key_prefix) { key_prefix += subpath.substr(1) + "/"; };
  switch (config.provider) {
    case FsProvider::Local:
    case FsProvider::Crypt:
      folder.mapped_path = clean_path_text(folder.mapped_path + "/" + subpath);
      return {};
    case FsProvider::S3:
      into_key(config.s3config.key_prefix);
      return {};
    case FsProvider::Gcs:
      into_key(config.gcsconfig.key_prefix);
      return {};
    case FsProvider::AzureBlob:
      into_key(config.azblobconfig.key_prefix);
      return {};
    case FsProvider::Sftp:
      config.sftpconfig.prefix = clean_path_text("/" + config.sftpconfig.prefix + "/" + subpath);
      return {};
    default:
      return "this storage has no sub-paths";
  }
}

// One user's merge, from the first group to the last.
class Merge {
 public:
  Merge(User user, const std::vector<Folder>& folders) : values_(user) {
    result_.user = std::move(user);
    for (const auto& folder : folders) folders_.emplace(folder.name, &folder);
    for (const auto& mapping : result_.user.virtual_folders) mount(mapping, nullptr);
  }

  void add_primary(const Group& group) {
    auto& user = result_.user;
    const auto& settings = group.user_settings;
    if (!settings.home_dir.empty()) user.home_dir = clean_path_text(values_.expand_path(settings.home_dir));
    if (settings.filesystem.provider != FsProvider::Local) {
      user.filesystem = settings.filesystem;
      expand(user.filesystem, values_);
    } else {
      inherit(user.filesystem.osconfig.read_buffer_size, settings.filesystem.osconfig.read_buffer_size);
      inherit(user.filesystem.osconfig.write_buffer_size, settings.filesystem.osconfig.write_buffer_size);
    }
    inherit(user.max_sessions, settings.max_sessions);
    inherit(user.quota_size, settings.quota_size);
    inherit(user.quota_files, settings.quota_files);
    inherit(user.upload_bandwidth, settings.upload_bandwidth);
    inherit(user.download_bandwidth, settings.download_bandwidth);
    if (user.upload_data_transfer == 0 && user.download_data_transfer == 0 && user.total_data_transfer == 0) {
      user.upload_data_transfer = settings.upload_data_transfer;
      user.download_data_transfer = settings.download_data_transfer;
      user.total_data_transfer = settings.total_data_transfer;
    }
    if (user.expiration_date == 0 && settings.expires_in > 0) {
      user.expiration_date = user.created_at + std::min(settings.expires_in, kMostDays) * kDayMs;
    }
    add_primary_filters(settings.filters);
    add_paths(group, true);
  }

  void add_secondary(const Group& group) { add_paths(group, false); }

  EffectiveUser finish() && {
    even_out_folder_quotas();
    if (result_.user.filters.is_anonymous) force_anonymous(result_.user.permissions, result_.user.filters);
    return std::move(result_);
  }

 private:
  void add_primary_filters(const GroupFilters& from) {
    auto& own = result_.user.filters;
    inherit(own.max_upload_file_size, from.max_upload_file_size);
    inherit(own.external_auth_cache_time, from.external_auth_cache_time);
    inherit(own.pre_login_cache_time, from.pre_login_cache_time);
    inherit(own.ftp_security, from.ftp_security);
    inherit(own.default_shares_expiration, from.default_shares_expiration);
    inherit(own.max_shares_expiration, from.max_shares_expiration);
    inherit(own.password_expiration, from.password_expiration);
    inherit(own.password_strength, from.password_strength);
    inherit(own.password_policy.length, from.password_policy.length);
    inherit(own.password_policy.uppers, from.password_policy.uppers);
    inherit(own.password_policy.lowers, from.password_policy.lowers);
    inherit(own.password_policy.digits, from.password_policy.digits);
    inherit(own.password_policy.specials, from.password_policy.specials);
    if (own.tls_certs.empty() && (own.tls_username.empty() || own.tls_username == "None")) {
      if (!from.tls_username.empty()) own.tls_username = from.tls_username;
    }
    own.hooks.check_password_disabled |= from.hooks.check_password_disabled;
    own.hooks.pre_login_disabled |= from.hooks.pre_login_disabled;
    own.hooks.external_auth_disabled |= from.hooks.external_auth_disabled;
    own.disable_fs_checks |= from.disable_fs_checks;
    own.allow_api_key_auth |= from.allow_api_key_auth;
    own.is_anonymous |= from.is_anonymous;
    own.enforce_secure_algorithms |= from.enforce_secure_algorithms;
    if (own.start_directory.empty()) own.start_directory = clean_path_text(values_.expand_path(from.start_directory));
  }

  // What is keyed by path and what adds up, from primary and secondary groups alike; "/" is the primary's alone.
  void add_paths(const Group& group, bool primary) {
    auto& user = result_.user;
    const auto& settings = group.user_settings;
    for (const auto& [path, tokens] : settings.permissions) {
      const auto expanded = clean_path_text(values_.expand_path(path));
      if (expanded != "/")
        user.permissions.try_emplace(expanded, tokens);
      else if (primary)
        user.permissions["/"] = tokens;
    }
    for (const auto& mapping : group.virtual_folders) add_folder(mapping, primary);
    auto& own = user.filters;
    const auto& from = settings.filters;
    for (const auto& filter : from.file_patterns) {
      auto expanded = filter;
      expanded.path = clean_path_text(values_.expand_path(filter.path));
      const bool taken = std::any_of(own.file_patterns.begin(), own.file_patterns.end(),
                                     [&](const auto& other) { return other.path == expanded.path; });
      if (!taken && (primary || expanded.path != "/")) own.file_patterns.push_back(std::move(expanded));
    }
    append(own.bandwidth_limits, from.bandwidth_limits);
    append(own.data_transfer_limits, from.data_transfer_limits);
    append(own.access_time, from.access_time);
    add_all(own.allowed_ip, from.allowed_ip);
    add_all(own.denied_ip, from.denied_ip);
    add_all(own.denied_login_methods, from.denied_login_methods);
    add_all(own.denied_protocols, from.denied_protocols);
    add_all(own.two_factor_protocols, from.two_factor_protocols);
    add_all(own.web_client, from.web_client);
    add_all(own.allowed_share_paths, from.allowed_share_paths);
    add_all(own.denied_share_paths, from.denied_share_paths);
    add_all(own.denied_share_scopes, from.denied_share_scopes);
    if (from.share_policy.permissions != 0) result_.share_policies.push_back({group.name, from.share_policy});
  }

  void add_folder(const FolderMapping& mapping, bool primary) {
    if (!values_.complete(mapping.subpath)) return;
    FolderMapping expanded = mapping;
    expanded.virtual_path = clean_path_text(values_.expand_path(mapping.virtual_path));
    expanded.subpath = clean_path_text(values_.expand_path(mapping.subpath));
    if (!primary && expanded.virtual_path == "/") return;
    const auto& own = result_.user.virtual_folders;
    if (std::any_of(own.begin(), own.end(),
                    [&](const auto& other) { return other.virtual_path == expanded.virtual_path; })) {
      return;
    }
    mount(expanded, &values_);
    result_.user.virtual_folders.push_back(std::move(expanded));
  }

  // `values` only for folders reached through a group: a user's own folders are taken literally.
  void mount(const FolderMapping& mapping, const Placeholders* values) {
    FolderMount mount;
    mount.virtual_path = mapping.virtual_path;
    mount.quota_size = mapping.quota_size;
    mount.quota_files = mapping.quota_files;
    if (const auto it = folders_.find(mapping.name); it != folders_.end()) {
      mount.folder = *it->second;
      if (values != nullptr) {
        mount.folder.mapped_path = clean_path_text(values->expand_path(mount.folder.mapped_path));
        expand(mount.folder.filesystem, *values);
      }
      if (!mapping.subpath.empty()) mount.problem = enter_subpath(mount.folder, mapping.subpath);
    } else {
      mount.folder.name = mapping.name;
      mount.problem = "the virtual folder does not exist";
    }
    result_.folders.push_back(std::move(mount));
  }

  // One folder has one set of counters, so its mounts cannot have different limits: the first one's count.
  void even_out_folder_quotas() {
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < result_.folders.size(); ++i) {
      auto& mount = result_.folders[i];
      const auto& leader = result_.folders[first.try_emplace(mount.folder.name, i).first->second];
      mount.quota_size = result_.user.virtual_folders[i].quota_size = leader.quota_size;
      mount.quota_files = result_.user.virtual_folders[i].quota_files = leader.quota_files;
    }
  }

  Placeholders values_;
  std::map<std::string, const Folder*> folders_;
  EffectiveUser result_;
};

}  // namespace

EffectiveUser make_effective_user(User user, const std::vector<Group>& groups, const std::vector<Folder>& folders) {
  const auto mappings = user.groups;
  Merge merge(std::move(user), folders);
  const auto each = [&](GroupType type, auto&& use) {
    for (const auto& mapping : mappings) {
      if (mapping.type != type) continue;
      const auto it =
          std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.name == mapping.name; });
      if (it != groups.end()) use(*it);
    }
  };
  each(GroupType::Primary, [&](const Group& group) { merge.add_primary(group); });
  each(GroupType::Secondary, [&](const Group& group) { merge.add_secondary(group); });
  return std::move(merge).finish();
}

bool depends_on_user(const Folder& folder) {
  const Placeholders nobody{User{}};
  const auto& c = folder.filesystem;
  const auto texts = {&folder.mapped_path,        &c.s3config.key_prefix, &c.gcsconfig.key_prefix,
                      &c.azblobconfig.key_prefix, &c.sftpconfig.prefix,   &c.sftpconfig.username,
                      &c.httpconfig.username,     &c.ftpconfig.username,  &c.moduleconfig.text};
  return std::any_of(texts.begin(), texts.end(), [&](const std::string* text) { return !nobody.complete(*text); });
}

std::vector<std::string> inherited_groups(const User& user) {
  std::vector<std::string> names;
  for (const auto& group : user.groups) {
    if (group.type == GroupType::Primary || group.type == GroupType::Secondary) names.push_back(group.name);
  }
  return names;
}

void force_anonymous(PermissionLists& permissions, BaseUserFilters& filters) {
  constexpr std::array kDeniedMethods = {"publickey",
                                         "password-over-SSH",
                                         "keyboard-interactive",
                                         "publickey+password",
                                         "publickey+keyboard-interactive",
                                         "password+publickey",
                                         "keyboard-interactive+publickey",
                                         "TLSCertificate",
                                         "TLSCertificate+password"};
  for (auto& [path, tokens] : permissions) tokens = {"list", "download"};
  add_all(filters.denied_protocols, {"SSH", "HTTP"});
  add_all(filters.denied_login_methods, {kDeniedMethods.begin(), kDeniedMethods.end()});
}

}  // namespace slipway::accounts
