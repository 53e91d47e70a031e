# Every kind of object that the provider knows, with every member that it can set.
terraform {
  required_providers {
    sftpgo = { source = "registry.terraform.io/drakkan/sftpgo" }
  }
}
variable "note" { default = "first" }
variable "secrets" { default = "1" }
variable "host" {}
provider "sftpgo" {
  host     = var.host
  username = "admin"
  password = "password"
  edition  = 1
  headers  = [{ key = "X-Test", value = "1" }]
}
resource "sftpgo_role" "r" {
  name        = "terra-role"
  description = var.note
}
resource "sftpgo_folder" "local" {
  name        = "terra-folder"
  mapped_path = "/tmp/terra-folder"
  description = var.note
  filesystem  = { provider = 0, osconfig = { read_buffer_size = 1, write_buffer_size = 2 } }
}
resource "sftpgo_folder" "azure" {
  name        = "terra-azure"
  mapped_path = "/tmp/terra-azure"
  filesystem = { provider = 3, azblobconfig = {
    container = "fake container", account_name = "acc", account_key_wo = "my secret", account_key_wo_version = "1", key_prefix = "prefix/",
    upload_part_size = 6, upload_concurrency = 3, download_part_size = 7, download_concurrency = 2, access_tier = "Hot",
    endpoint = "blob.example.com" } }
}
resource "sftpgo_folder" "crypt" {
  name        = "terra-crypt"
  mapped_path = "/tmp/terra-crypt"
  filesystem = { provider = 4, cryptconfig = { passphrase_wo = "a Long passphrase, hard 2 guess!", passphrase_wo_version = "1", read_buffer_size = 1, write_buffer_size = 1 } }
}
resource "sftpgo_folder" "gcs" {
  name        = "terra-gcs"
  mapped_path = "/tmp/terra-gcs"
  filesystem = { provider = 2, gcsconfig = { bucket = "buck", credentials_wo = "{}", credentials_wo_version = "1", key_prefix = "a/b/",
    storage_class = "STANDARD", acl = "private", upload_part_size = 17, upload_part_max_time = 40 } }
}
resource "sftpgo_folder" "sftp" {
  name        = "terra-sftp"
  mapped_path = "/tmp/terra-sftp"
  filesystem = { provider = 5, sftpconfig = { endpoint = "127.0.0.1:22", username = "u", password_wo = "p", password_wo_version = var.secrets,
    fingerprints = ["SHA256:RFzBCUItH9LZS0cKB5UE6ceAYhBD5C8GeOBip8Z11+4"], prefix = "/pre", disable_concurrent_reads = true, buffer_size = 8, equality_check_mode = 1 } }
}
resource "sftpgo_folder" "http" {
  name        = "terra-http"
  mapped_path = "/tmp/terra-http"
  filesystem = { provider = 1, s3config = { bucket = "b", region = "r" } }
}
resource "sftpgo_folder" "ftp" {
  name        = "terra-ftp"
  mapped_path = "/tmp/terra-ftp"
  filesystem = { provider = 5, sftpconfig = { endpoint = "127.0.0.1:22", username = "u", password_wo = "p", password_wo_version = var.secrets, fingerprints = ["SHA256:RFzBCUItH9LZS0cKB5UE6ceAYhBD5C8GeOBip8Z11+4"], prefix = "/" } }
}
resource "sftpgo_group" "g" {
  name        = "terra-group"
  user_settings = {
    home_dir = "/tmp/terra/%username%"
    max_sessions = 10
    quota_size = 1000000
    quota_files = 100
    permissions = { "/" = "list,download", "/up" = "*" }
    upload_bandwidth = 128
    download_bandwidth = 256
    upload_data_transfer = 10
    download_data_transfer = 20
    expires_in = 30
    filters = {
      denied_protocols = ["FTP"]
      web_client = ["write-disabled", "password-change-disabled"]
      custom_placeholders = ["one", "two"]
      password_policy = { length = 9, digits = 1, uppers = 1, lowers = 1, specials = 1 }
      default_shares_expiration = 5
      max_shares_expiration = 10
      allowed_share_paths = ["/a"]
      denied_share_paths = ["/a/b"]
      denied_share_scopes = ["write"]
      access_time = [{ day_of_week = 1, from = "08:00", to = "18:00" }]
    }
    filesystem = { provider = 0 }
  }
  virtual_folders = [{ name = sftpgo_folder.local.name, virtual_path = "/g1", quota_size = 0, quota_files = 0 }]
}
resource "sftpgo_user" "u" {
  username            = "terra"
  status              = 1
  password_wo         = "Passw0rd!x"
  password_wo_version = var.secrets
  home_dir            = "/tmp/terra-home"
  email               = "test@test.com"
  description         = var.note
  additional_info     = "info"
  max_sessions        = 3
  uid                 = 1000
  gid                 = 1000
  quota_size          = 123456
  quota_files         = 12
  upload_bandwidth    = 10
  download_bandwidth  = 20
  total_data_transfer  = 7
  role                = sftpgo_role.r.name
  permissions         = { "/" = "*", "/p1" = "list,download" }
  filesystem = { provider = 1, s3config = { bucket = "abc", region = "us-west-1", access_key = "key", access_secret_wo = "secret payload", access_secret_wo_version = "1",
     endpoint = "http://127.0.0.1:9000", storage_class = "STANDARD", acl = "private", upload_part_size = 6, upload_concurrency = 3, download_part_size = 6, download_concurrency = 3,
     download_part_max_time = 60, upload_part_max_time = 70, force_path_style = true, skip_tls_verify = true, key_prefix = "users/a/", role_arn = "arn:aws:iam::1:role/x" } }
  groups          = [{ name = sftpgo_group.g.name, type = 3 }]
  virtual_folders = [{ name = sftpgo_folder.local.name, virtual_path = "/vdir", quota_size = -1, quota_files = -1 }]
  filters = {
    allowed_ip = ["192.168.1.0/24", "10.0.0.0/8"]
    denied_ip  = ["10.1.0.0/16"]
    denied_login_methods = ["publickey", "password-over-SSH"]
    denied_protocols = ["DAV"]
    start_directory = "/start/dir"
    file_patterns = [
      { path = "/p1", allowed_patterns = ["*.jpg", "*.pdf"], deny_policy = 1 },
      { path = "/p2", denied_patterns = ["*.jpg", "*.pdf"] },
      { path = "/p3", denied_patterns = ["*.abc"] },
    ]
    max_upload_file_size = 4096
    external_auth_disabled = true
    pre_login_disabled = true
    check_password_disabled = true
    disable_fs_checks = true
    allow_api_key_auth = true
    user_type = "LDAPUser"
    tls_username = "CommonName"
    ftp_security = 1
    pre_login_cache_time = 11
    password_expiration = 30
    password_strength = 50
    require_password_change = true
    enforce_secure_algorithms = true
    two_factor_protocols = ["SSH", "HTTP"]
    web_client = ["shares-disabled", "shares-require-email-auth", "shares-policy-change-disabled", "wopi-disabled", "rest-api-disabled"]
    additional_emails = ["a@example.com", "b@example.com"]
    custom_placeholders = ["x"]
    default_shares_expiration = 3
    max_shares_expiration = 9
    bandwidth_limits = [{ sources = ["127.0.0.1/32", "192.168.1.0/24"], upload_bandwidth = 256, download_bandwidth = 128 }]
    access_time = [{ day_of_week = 2, from = "09:00", to = "17:30" }]
    password_policy = { length = 8 }
  }
}
resource "sftpgo_user" "plain" {
  username = "terra-plain"
  status   = 1
  password = "plain text 1"
  home_dir = "/tmp/terra-plain"
  permissions = { "/" = "*" }
  filesystem = { provider = 0 }
}
resource "sftpgo_admin" "a" {
  username = "terra-admin"
  status = 1
  password_wo = "password"
  password_wo_version = var.secrets
  email = "admin@sftpgo.com"
  description = var.note
  additional_info = "more"
  permissions = ["add_users", "edit_users", "del_users"]
  filters = { allow_list = ["192.168.1.0/24"], allow_api_key_auth = true, require_two_factor = true, require_password_change = true, disable_password_auth = true }
  groups = [{ name = sftpgo_group.g.name, options = { add_to_users_as = 2 } }]
  preferences = { hide_user_page_sections = 5, default_users_expiration = 10 }
}
resource "sftpgo_allowlist_entry" "e" {
  ipornet = "192.168.2.0/24"
  description = var.note
  protocols = 7
}
resource "sftpgo_defender_entry" "e" {
  ipornet = "192.168.1.0/24"
  description = var.note
  mode = 1
  protocols = 7
}
resource "sftpgo_defender_entry" "six" {
  ipornet = "2001:db8::/32"
  mode = 2
  protocols = 0
}
resource "sftpgo_rlsafelist_entry" "e" {
  ipornet = "172.16.0.0/16"
  description = var.note
  protocols = 3
}
resource "sftpgo_trustedlist_entry" "e" {
  ipornet = "172.17.0.5/32"
  protocols = 0
  description = var.note
}
resource "sftpgo_action" "http" {
  name = "http action"
  description = var.note
  type = 1
  options = { http_config = { endpoint = "http://127.0.0.1:8082/notify", username = "myuser", password_wo = "other", password_wo_version = var.secrets, timeout = 10, method = "POST",
    headers = [{ key = "A", value = "b" }], query_parameters = [{ key = "q", value = "{{.Name}}" }], body = "{\"a\": \"{{.Event}}\"}", skip_tls_verify = true } }
}
resource "sftpgo_action" "httpparts" {
  name = "http parts"
  type = 1
  options = { http_config = { endpoint = "http://127.0.0.1:8082/notify", method = "PUT", timeout = 5,
    parts = [{ name = "one", body = "text", headers = [{ key = "Content-Type", value = "text/plain" }] }, { name = "two", filepath = "/{{.VirtualPath}}" }] } }
}
resource "sftpgo_action" "cmd" {
  name = "cmd"
  type = 2
  options = { cmd_config = { cmd = "/bin/true", timeout = 10, args = ["a", "b"], env_vars = [{ key = "K", value = "v" }] } }
}
resource "sftpgo_action" "email" {
  name = "email"
  type = 3
  options = { email_config = { recipients = ["a@example.com"], bcc = ["b@example.com"], subject = "s", body = "<b>x</b>", content_type = 1, attachments = ["/a"], attach_event_report = true } }
}
resource "sftpgo_action" "simple" {
  for_each = { backup = 4, uquota = 5, fquota = 6, tquota = 7 }
  name = each.key
  type = each.value
}
resource "sftpgo_action" "retention" {
  name = "retention"
  type = 8
  options = { retention_config = { folders = [{ path = "/", retention = 10, delete_empty_dirs = true }, { path = "/sub", retention = 0 }] } }
}
resource "sftpgo_action" "fs" {
  for_each = {
    rename = { type = 1, renames = [{ key = "/a", value = "/b", update_modtime = true }] }
    delete = { type = 2, deletes = ["/a", "/b"] }
    mkdir  = { type = 3, mkdirs = ["/a", "/b"] }
    exist  = { type = 4, exist = ["/a"] }
    compress = { type = 5, compress = { name = "/a.zip", paths = ["/a", "/b"] } }
    copy   = { type = 6, copy = [{ key = "/a/", value = "/b/", max_retries = 2, on_source_copied = 2, on_source_copied_move_path = "/done" }], continue_on_error = true, folder = "terra-folder", target_folder = "terra-crypt" }
    check  = { type = 8, metadata_check = { path = "/a", metadata = { key = "k", value = "v" }, timeout = 20 } }
    unzip  = { type = 9, decompress = { name = "/a.zip", extract_dir = "/x" } }
  }
  name = "fs ${each.key}"
  type = 9
  options = { fs_config = each.value }
  depends_on = [sftpgo_folder.local, sftpgo_folder.crypt]
}
resource "sftpgo_action" "pgp" {
  name = "pgp"
  type = 9
  options = { fs_config = { type = 7, pgp = { mode = 1, profile = 1, password_wo = "p", password_wo_version = var.secrets, paths = [{ key = "/a/*.txt", value = "/b/", on_source_processed = 1 }] } } }
}
resource "sftpgo_action" "pwd" {
  name = "pwd"
  type = 11
  options = { pwd_expiration_config = { threshold = 5 } }
}
resource "sftpgo_action" "inactive" {
  name = "inactive"
  type = 14
  options = { user_inactivity_config = { disable_threshold = 10, delete_threshold = 20 } }
}
resource "sftpgo_action" "idp" {
  name = "idp"
  type = 13
  options = { idp_config = { mode = 1, template_user = "{\"username\": \"{{.Name}}\"}", template_admin = "{\"username\": \"{{.Name}}\"}" } }
}
resource "sftpgo_action" "userexp" {
  name = "userexp"
  type = 12
}
resource "sftpgo_action" "shareexp" {
  name = "shareexp"
  type = 18
  options = { share_expiration_config = { advance_notice = 1, grace_period = 2, inactivity_threshold = 3, split_events = true } }
}
resource "sftpgo_action" "report" {
  name = "report"
  type = 19
  options = { event_report_config = { time_window = 5, fs_actions = ["upload"], statuses = [1], split_reports = true } }
}
resource "sftpgo_action" "imap" {
  name = "imap"
  type = 16
  options = { imap_config = { endpoint = "imaps://127.0.0.1:993", username = "u", password_wo = "p", password_wo_version = var.secrets, mailbox = "INBOX", path = "/in", post_process_action = 1 } }
}
resource "sftpgo_action" "icap" {
  name = "icap"
  type = 17
  options = { icap_config = { endpoint = "icap://127.0.0.1:1344", method = "REQMOD", paths = ["{{.VirtualPath}}"], adapt_action = 1, block_action = 2, failure_policy = 1, timeout = 10, headers = [{ key = "a", value = "b" }] } }
}
resource "sftpgo_action" "httpparts2" {
  name = "http parts2"
  type = 1
  options = { http_config = { endpoint = "http://127.0.0.1:8082/notify", method = "PUT", timeout=10,
    parts = [{ name = "one", body = "text" }] } }
}
resource "sftpgo_action" "httpparts3" {
  name = "http parts3"
  type = 1
  options = { http_config = { endpoint = "http://127.0.0.1:8082/notify", method = "PUT", timeout = 5,
    parts = [{ name = "one", filepath = "/text" }] } }
}
resource "sftpgo_rule" "fsr" {
  name = "on upload"
  status = 1
  description = var.note
  trigger = 1
  conditions = {
    fs_events = ["upload", "download"]
    options = { names = [{ pattern = "u*", inverse_match = true }], group_names = [{ pattern = "g*" }], role_names = [{ pattern = "r*" }], fs_paths = [{ pattern = "/**/*.txt", match_fs_path = true }],
      protocols = ["SFTP", "HTTPShare"], min_size = 10, max_size = 1000, event_statuses = [1, 2] }
  }
  actions = [{ name = sftpgo_action.http.name, stop_on_failure = true, execute_sync = true }, { name = sftpgo_action.cmd.name, is_failure_action = true }]
}
resource "sftpgo_rule" "prov" {
  name = "provider"
  status = 0
  trigger = 2
  conditions = { provider_events = ["add", "delete"], options = { provider_objects = ["user", "admin"] } }
  actions = [{ name = sftpgo_action.http.name }]
}
resource "sftpgo_rule" "sched" {
  name = "nightly"
  status = 1
  trigger = 3
  conditions = { schedules = [{ minute = "5", hour = "2", day_of_week = "*", day_of_month = "1,15", month = "*" }], options = { concurrent_execution = true } }
  actions = [{ name = sftpgo_action.simple["backup"].name }]
}
resource "sftpgo_rule" "more" {
  for_each = { blocked = 4, cert = 5, demand = 6 }
  name = each.key
  status = 1
  trigger = each.value
  conditions = {}
  actions = [{ name = sftpgo_action.http.name }]
}
resource "sftpgo_rule" "idp" {
  name = "idp"
  status = 1
  trigger = 7
  conditions = { idp_login_event = 1 }
  actions = [{ name = sftpgo_action.idp.name, execute_sync = true }]
}
data "sftpgo_users" "all" { depends_on = [sftpgo_user.u, sftpgo_user.plain] }
data "sftpgo_groups" "all" { depends_on = [sftpgo_group.g] }
data "sftpgo_folders" "all" { depends_on = [sftpgo_folder.ftp] }
data "sftpgo_admins" "all" { depends_on = [sftpgo_admin.a] }
data "sftpgo_roles" "all" { depends_on = [sftpgo_role.r] }
data "sftpgo_actions" "all" { depends_on = [sftpgo_action.pgp] }
data "sftpgo_rules" "all" { depends_on = [sftpgo_rule.idp] }
data "sftpgo_defender_entries" "all" { depends_on = [sftpgo_defender_entry.e] }
data "sftpgo_allowlist_entries" "all" { depends_on = [sftpgo_allowlist_entry.e] }
output "counts" {
  value = [length(data.sftpgo_users.all.users), length(data.sftpgo_folders.all.folders), length(data.sftpgo_actions.all.actions)]
}
