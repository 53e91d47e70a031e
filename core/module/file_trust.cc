#include "core/module/file_trust.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace slipway::module {
namespace {

Result<std::filesystem::path> path_of(int fd, const std::string& subject) {
  std::array<char, 4097> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size() - 1);
  if (size < 0) return error_from_errno(errno, subject);
  return std::filesystem::path(std::string(buffer.data(), static_cast<std::size_t>(size)));
}

}  // namespace

Status check_owner_and_mode(const struct stat& status, uid_t uid, const std::string& subject, const std::string& what) {
  if (status.st_uid != 0 && status.st_uid != uid) {
    return Error(Errc::PermissionDenied, subject,
                 what + " belongs to user " + std::to_string(status.st_uid) + "; it must belong to root or to user " +
                     std::to_string(uid) + ", as whom the server runs");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    const char* who = (status.st_mode & S_IWOTH) != 0 ? "everybody" : "its group";
    return Error(Errc::PermissionDenied, subject, what + " may be written by " + who + "; run chmod go-w on it");
  }
  return ok();
}

Result<TrustedFile> open_trusted(const std::filesystem::path& path) {
  const std::string subject = path.string();
  TrustedFile file;
  // O_NONBLOCK: a FIFO in the folder must not hold the server up.
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.fd) {
    if (errno == ENOENT) return Error(Errc::NotFound, subject, "the file does not exist");
    return error_from_errno(errno, subject);
  }
  struct stat status {};
  if (::fstat(file.fd.get(), &status) != 0) return error_from_errno(errno, subject);
  if (!S_ISREG(status.st_mode)) return Error(Errc::InvalidArgument, subject, "it is not a regular file");
  SLIPWAY_TRY(check_owner_and_mode(status, ::geteuid(), subject, "the file"));
  SLIPWAY_ASSIGN(file.path, path_of(file.fd.get(), subject));
  const std::filesystem::path folder = file.path.parent_path();
  struct stat folder_status {};
  if (::stat(folder.c_str(), &folder_status) != 0) return error_from_errno(errno, folder.string());
  SLIPWAY_TRY(check_owner_and_mode(folder_status, ::geteuid(), subject, "its folder " + folder.string()));
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return file;
}

Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> out, const std::string& subject) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return error_from_errno(errno, subject);
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::string> sha256_of(int fd, const std::string& subject) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return Error(Errc::Internal, subject, "SHA-256 is not available");
  }
  std::vector<std::byte> buffer(256 * 1024);
  for (std::uint64_t offset = 0;;) {
    SLIPWAY_ASSIGN(const std::size_t got, read_at(fd, offset, buffer, subject));
    if (got == 0) break;
    if (EVP_DigestUpdate(context.get(), buffer.data(), got) != 1) {
      return Error(Errc::Internal, subject, "SHA-256 failed");
    }
    offset += got;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
    return Error(Errc::Internal, subject, "SHA-256 failed");
  }
  return hex({digest.data(), size});
}

}  // namespace slipway::module
