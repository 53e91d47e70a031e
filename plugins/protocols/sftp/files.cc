#include "files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace slipway::sftp {

std::string path_in(const std::string& config_dir, const std::string& name) {
  return (std::filesystem::path(config_dir) / name).string();
}

Result<std::string> read_file(const std::string& file, std::size_t limit) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0)
    return Error(errno == ENOENT ? Errc::NotFound : Errc::IoError, file, std::strerror(errno));
  if (!S_ISREG(st.st_mode)) return Error(Errc::InvalidArgument, file, "it is not a regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error(Errc::IoError, file, "it cannot be read: " + std::string(std::strerror(errno)));
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Error(Errc::IoError, file, "it cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limit) return Error(Errc::TooLarge, file, "it is larger than " + std::to_string(limit) + " bytes");
  return text;
}

}  // namespace slipway::sftp
