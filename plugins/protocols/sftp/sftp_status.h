// Errors as SFTP status replies: the codes and texts that clients of compatible servers know.
#pragma once

#include <string>

#include "sftp_codec.h"
#include "slipway/result.h"

namespace slipway::sftp {

struct StatusReply {
  StatusCode code;
  std::string text;
};

// What the failed request wanted to do, where the code depends on it.
enum class Purpose : std::uint8_t { Other, Read, Write, Replace /* an existing directory is in the way */ };

StatusReply status_of(const Error& error, Purpose purpose);
std::string_view status_text(StatusCode code);

}  // namespace slipway::sftp
