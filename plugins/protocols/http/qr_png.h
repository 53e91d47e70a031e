// A text as a QR code (ISO/IEC 18004) in a PNG picture.
#pragma once

#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::httpd {

// About 200 by 200 pixels with the quiet zone, base64-encoded. TooLarge for a text beyond what a code can hold.
Result<std::string> qr_png(std::string_view text);

}  // namespace slipway::httpd
