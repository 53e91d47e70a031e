#include "host_keys.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iterator>

#include "certificate.h"
#include "files.h"
#include "public_key.h"
#include "slipway/base64.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxKeyFile = 64 * 1024;
constexpr int kRsaBits = 3072;

struct OpenSslDeleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using Bio = std::unique_ptr<BIO, OpenSslDeleter>;

enum class KeyType : std::uint8_t { Ed25519, Ecdsa, Rsa };

struct KnownName {
  std::string_view name;
  KeyType type;
};
constexpr KnownName kNames[] = {
    {"id_ed25519", KeyType::Ed25519}, {"id_ecdsa", KeyType::Ecdsa}, {"id_rsa", KeyType::Rsa}};

Error system_error(const std::string& file, std::string_view what) {
  return {Errc::IoError, file, std::string(what) + ": " + std::strerror(errno)};
}

// As compatible servers write them: PKCS#1 for RSA, SEC1 for ECDSA, PKCS#8 for Ed25519, all PEM.
std::string make_private_pem(KeyType type) {
  PrivateKey key(type == KeyType::Rsa     ? EVP_RSA_gen(kRsaBits)
                 : type == KeyType::Ecdsa ? EVP_EC_gen("P-256")
                                          : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  Bio bio(BIO_new(BIO_s_mem()));
  if (!key || !bio) return {};
  const int written =
      type == KeyType::Ed25519
          ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr)
          : PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &text);
  return written == 1 && length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

// Appears complete or not at all; a file that is there already wins.
Status write_new_file(const std::string& file, std::string_view content) {
  std::string temporary = file + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return system_error(file, "cannot be created");
  const bool written = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
                       ::fchmod(fd, 0600) == 0 && ::fsync(fd) == 0;
  Status status = ok();
  if (!written || (::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST))
    status = system_error(file, "cannot be written");
  ::close(fd);
  ::unlink(temporary.c_str());
  return status;
}

std::string public_line(ssh_key key) {
  const char* type =
      ssh_key_type(key) == SSH_KEYTYPE_ECDSA_P256 ? "ecdsa-sha2-nistp256" : ssh_key_type_to_char(ssh_key_type(key));
  return std::string(type) + " " + base64_of(key) + "\n";
}

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void put_string(std::string& out, std::string_view value) {
  put_u32(out, static_cast<std::uint32_t>(value.size()));
  out += value;
}

// libssh 0.10 reads an Ed25519 key from PKCS#8 without its public half and then cannot use it; from OpenSSH's own
// format (PROTOCOL.key) it reads both. Empty when `pem` is not such a key.
std::string ed25519_for_libssh(const std::string& pem) {
  Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_password = [](char*, int, int, void*) { return -1; };
  PrivateKey key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr) : nullptr);
  ERR_clear_error();
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return {};
  std::string seed(32, '\0'), point(32, '\0');
  std::size_t seed_size = seed.size(), point_size = point.size();
  if (EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()), &seed_size) != 1 ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()), &point_size) != 1)
    return {};

  std::string public_blob, secret, blob("openssh-key-v1\0", 15);
  put_string(public_blob, "ssh-ed25519");
  put_string(public_blob, point);
  put_u32(secret, 0);  // two equal numbers show a right password; there is none
  put_u32(secret, 0);
  secret += public_blob;
  put_string(secret, seed + point);
  put_string(secret, {});  // comment
  for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;
  put_string(blob, "none");
  put_string(blob, "none");
  put_string(blob, {});
  put_u32(blob, 1);
  put_string(blob, public_blob);
  put_string(blob, secret);

  const std::string text = base64_encode(blob);
  for (auto* part : {&seed, &secret, &blob}) OPENSSL_cleanse(part->data(), part->size());
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + text + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

Result<KeyPtr> parse_key(std::string pem, const std::string& source) {
  if (auto converted = ed25519_for_libssh(pem); !converted.empty()) pem.swap(converted);
  ssh_key key = nullptr;
  // A function that has no password, because without one libssh would ask the terminal.
  const auto no_password = [](const char*, char*, std::size_t, int, int, void*) { return -1; };
  const int read = ssh_pki_import_privkey_base64(pem.c_str(), nullptr, no_password, nullptr, &key);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (read != SSH_OK) return Error(Errc::InvalidArgument, source, "it is not an unencrypted private key");
  return KeyPtr(key);
}

Result<KeyPtr> read_key(const std::string& file) {
  auto pem = read_file(file, kMaxKeyFile);
  if (!pem) return Error(Errc::InvalidArgument, file, "the host key cannot be read: " + pem.error().cause());
  return parse_key(*std::move(pem), file);
}

Status make_key(const std::string& file, KeyType type, Logger& log) {
  auto pem = make_private_pem(type);
  if (pem.empty()) return Error(Errc::Internal, file, "the host key cannot be generated");
  const auto status = write_new_file(file, pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  SLIPWAY_TRY(status);
  SLIPWAY_ASSIGN(const auto key, read_key(file));
  SLIPWAY_TRY(write_new_file(file + ".pub", public_line(key.get())));
  log.info("made a host key", {{"file", file}});
  return ok();
}

std::string label_of(ssh_key key) {
  switch (ssh_key_type(key)) {
    case SSH_KEYTYPE_RSA:
      return "RSA";
    case SSH_KEYTYPE_ED25519:
      return "ED25519";
    case SSH_KEYTYPE_ECDSA_P256:
    case SSH_KEYTYPE_ECDSA_P384:
    case SSH_KEYTYPE_ECDSA_P521:
      return "ECDSA";
    default:
      return {};
  }
}

Result<HostKey> host_key(KeyPtr key, const std::string& source) {
  HostKey entry{std::move(key), source, {}, {}, {}, {}};
  entry.label = label_of(entry.key.get());
  if (entry.label.empty() || !decode_base64(base64_of(entry.key.get()), entry.blob))
    return Error(Errc::InvalidArgument, source, "host keys are RSA, ECDSA or Ed25519; this one is neither");
  entry.fingerprint = fingerprint_of(entry.blob);
  return entry;
}

Result<HostKey> load_file(const std::string& config_dir, const std::string& name, Logger& log) {
  const auto file = path_in(config_dir, name);
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) {
    if (errno != ENOENT) return system_error(file, "the host key cannot be read");
    const auto base = std::filesystem::path(file).filename().string();
    const auto* known =
        std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& entry) { return entry.name == base; });
    if (known == std::end(kNames))
      return Error(Errc::NotFound, file, "there is no such host key; make it with ssh-keygen");
    SLIPWAY_TRY(make_key(file, known->type, log));
  } else if ((st.st_mode & 077) != 0) {
    log.warn("a host key can be read by others than its owner; chmod 600 it", {{"file", file}});
  }
  SLIPWAY_ASSIGN(auto key, read_key(file));
  return host_key(std::move(key), file);
}

// `line` is "type base64 comment".
Status add_certificate(std::string_view line, const std::string& source, std::vector<HostKey>& keys, Logger& log) {
  const auto begin = line.find(' ');
  const auto text = line.substr(std::min(begin, line.size() - 1) + 1);
  std::string blob;
  if (begin == std::string_view::npos || !decode_base64(text.substr(0, text.find_first_of(" \t\r\n")), blob))
    return Error(Errc::InvalidArgument, source, "a host certificate is a line as in id_ed25519-cert.pub");
  auto certificate = parse_certificate(blob);
  if (!certificate)
    return Error(Errc::InvalidArgument, source, "it is no host certificate: " + certificate.error().cause());
  if (certificate->type != Certificate::Type::Host)
    return Error(Errc::InvalidArgument, source, "it is a user's certificate; host certificates are made with -h");
  const auto now = static_cast<std::uint64_t>(::time(nullptr));
  if (now < certificate->valid_after || now >= certificate->valid_before)
    log.warn("a host certificate is not valid now; clients will refuse it", {{"certificate", source}});
  const auto key =
      std::find_if(keys.begin(), keys.end(), [&](const auto& known) { return known.blob == certificate->key_blob; });
  if (key == keys.end()) {
    log.warn("a host certificate matches no host key and is left out", {{"certificate", source}});
  } else {
    key->certificate = std::move(blob);
  }
  return ok();
}

}  // namespace

Result<std::vector<HostKey>> load_host_keys(const std::string& config_dir, const HostKeySources& sources, Logger& log) {
  std::vector<std::string> names = sources.files;
  if (names.empty()) {
    for (const auto& known : kNames) names.emplace_back(known.name);
  }
  std::vector<HostKey> keys;
  const auto of_type = [&](const std::string& label) {
    return std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.label == label; });
  };
  for (const auto& name : names) {
    SLIPWAY_ASSIGN(auto key, load_file(config_dir, name, log));
    if (const auto other = of_type(key.label); other != keys.end())
      return Error(Errc::InvalidArgument, key.source, "there is another " + key.label + " host key, " + other->source);
    keys.push_back(std::move(key));
  }
  for (std::size_t i = 0; i < sources.stored.size(); ++i) {
    const auto source = "host key " + std::to_string(i + 1) + " of the database";
    SLIPWAY_ASSIGN(auto parsed, parse_key(sources.stored[i], source));
    SLIPWAY_ASSIGN(auto key, host_key(std::move(parsed), source));
    if (const auto other = of_type(key.label); other != keys.end()) {
      log.info("a host key of the database takes the place of another", {{"type", key.label}, {"of", other->source}});
      *other = std::move(key);
    } else {
      keys.push_back(std::move(key));
    }
  }
  for (const auto& name : sources.certificate_files) {
    const auto file = path_in(config_dir, name);
    SLIPWAY_ASSIGN(const auto text, read_file(file, kMaxKeyFile));
    SLIPWAY_TRY(add_certificate(text, file, keys, log));
  }
  for (std::size_t i = 0; i < sources.stored_certificates.size(); ++i)
    SLIPWAY_TRY(add_certificate(sources.stored_certificates[i],
                                "host certificate " + std::to_string(i + 1) + " of the database", keys, log));
  return keys;
}

}  // namespace slipway::sftp
