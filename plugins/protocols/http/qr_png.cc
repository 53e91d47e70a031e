#include "qr_png.h"

#include "slipway/base64.h"

#include <openssl/evp.h>
#include <qrencode.h>
#include <zlib.h>

#include <cstdint>
#include <memory>

namespace slipway::httpd {
namespace {

constexpr unsigned kQuietZone = 4;  // modules on each side, as the standard wants
constexpr unsigned kSide = 200;     // pixels, at least

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

// Length, type, data, CRC (PNG 5.3).
void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_u32(out, static_cast<std::uint32_t>(data.size()));
  const auto start = out.size();
  out += type;
  out += data;
  const auto* bytes = reinterpret_cast<const Bytef*>(out.data() + start);
  append_u32(out, static_cast<std::uint32_t>(crc32(0, bytes, static_cast<uInt>(out.size() - start))));
}

// Black and white, one bit a pixel.
Result<std::string> png_of(const QRcode& code) {
  const auto modules = static_cast<unsigned>(code.width) + 2 * kQuietZone;
  const unsigned scale = (kSide + modules - 1) / modules, side = modules * scale;
  std::string rows;
  for (unsigned y = 0; y < side; ++y) {
    rows += '\0';  // no filter
    std::string row((side + 7) / 8, '\xff');
    for (unsigned x = 0; x < side; ++x) {
      const unsigned column = x / scale - kQuietZone, line = y / scale - kQuietZone;  // wraps beyond the code's edge
      const auto width = static_cast<unsigned>(code.width);
      if (column < width && line < width && (code.data[line * width + column] & 1) != 0)
        row[x / 8] = static_cast<char>(row[x / 8] & ~(0x80 >> x % 8));
    }
    rows += row;
  }
  uLongf size = compressBound(static_cast<uLong>(rows.size()));
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
                static_cast<uLong>(rows.size()), Z_BEST_COMPRESSION) != Z_OK)
    return Error(Errc::Internal, "picture", "it cannot be compressed");
  packed.resize(size);

  std::string png = "\x89PNG\r\n\x1a\n";
  std::string header;
  append_u32(header, side);
  append_u32(header, side);
  header += std::string("\x01\x00\x00\x00\x00", 5);  // bit depth 1, greyscale, no interlace
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace

Result<std::string> qr_png(std::string_view text) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), QRcode_free);
  if (!code) return Error(Errc::TooLarge, "QR code", "the text does not fit into one");
  SLIPWAY_ASSIGN(const std::string png, png_of(*code));
  return base64_encode(png);
}

}  // namespace slipway::httpd
