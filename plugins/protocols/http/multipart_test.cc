#include "multipart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace slipway::httpd {
namespace {

// Gives `text` in pieces of `piece` bytes.
MultipartReader::Source pieces(std::string text, std::size_t piece) {
  return [text = std::move(text), piece, at = std::size_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({piece, out.size(), text.size() - at});
    std::memcpy(out.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

// "name[file]=content;" of each part, or the error.
std::string parts_of(const std::string& body, std::size_t piece, std::size_t read_size = 4096) {
  MultipartReader reader("b-1", pieces(body, piece));
  std::string seen;
  while (true) {
    auto part = reader.next();
    if (!part) return seen + "!" + part.error().message();
    if (!*part) return seen;
    seen += (*part)->name + ((*part)->file_name ? "[" + *(*part)->file_name + "]" : "") + "=";
    std::string out(read_size, '\0');
    while (true) {
      auto count = reader.read(std::as_writable_bytes(std::span(out)));
      if (!count) return seen + "!" + count.error().message();
      if (*count == 0) break;
      seen.append(out, 0, *count);
    }
    seen += ";";
  }
}

constexpr const char* kTwo =
    "--b-1\r\nContent-Disposition: form-data; name=\"filenames\"; filename=\"a.txt\"\r\nContent-Type: "
    "text/plain\r\n\r\n"
    "one\r\n--b-\r\n\r\n--b-1\r\ncontent-disposition:form-data;name=x\r\n\r\n\r\n--b-1--\r\nepilogue";

TEST(Multipart, PartsComeOneAfterTheOtherHoweverTheyArrive) {
  for (const std::size_t piece : {1, 2, 3, 7, 64, 100000})
    for (const std::size_t read_size : {1, 5, 4096})
      EXPECT_EQ(parts_of(kTwo, piece, read_size), "filenames[a.txt]=one\r\n--b-\r\n;x=;") << piece << " " << read_size;
}

TEST(Multipart, APartThatIsNotReadIsLeft) {
  MultipartReader reader("b-1", pieces(kTwo, 5));
  EXPECT_EQ((*reader.next())->name, "filenames");
  EXPECT_EQ((*reader.next())->name, "x");
  EXPECT_FALSE((*reader.next()).has_value());
  EXPECT_FALSE((*reader.next()).has_value());
}

TEST(Multipart, APreambleAndBlanksBehindABoundaryAreAllowed) {
  EXPECT_EQ(parts_of("preamble\r\n--b-1 \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b-1--", 3), "a=1;");
}

TEST(Multipart, LargePartsPassThroughASmallBuffer) {
  std::string content(1'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>("\r\n--b-xyz"[i % 9]);
  const std::string body =
      "--b-1\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + content + "\r\n--b-1--\r\n";
  EXPECT_EQ(parts_of(body, 60000), "f[f]=" + content + ";");
}

TEST(Multipart, WhatIsBrokenIsRefused) {
  const std::string start = "--b-1\r\nContent-Disposition: form-data; name=a\r\n\r\n";
  for (const std::string& body :
       {std::string(), std::string("x"), std::string("--b-1"), start, start + "content", start + "content\r\n--b-1",
        start + "content\r\n--b-1x\r\n", std::string("--b-1\r\n\r\ncontent\r\n--b-1--"),
        std::string("--b-1\r\nContent-Disposition: attachment\r\n\r\n\r\n--b-1--"),
        std::string("--b-1\r\nno colon\r\n\r\n\r\n--b-1--"), std::string(200000, 'x'),
        "--b-1\r\nX: " + std::string(200000, 'x'), "--b-1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n\r\n--b-1--"}) {
    EXPECT_NE(parts_of(body, 1000).find('!'), std::string::npos) << body.substr(0, 100);
  }
}

TEST(Multipart, ErrorsOfTheSourceAreItsOwn) {
  MultipartReader reader("b-1",
                         [](std::span<std::byte>) -> Result<std::size_t> { return Error(Errc::TooLarge, "body"); });
  EXPECT_EQ(reader.next().code(), Errc::TooLarge);
}

TEST(Multipart, BoundariesAreFound) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=x; BOUNDARY=\"a b\""), "a b");
  for (const char* type : {"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
                           "multipart/form-data; boundary=\"a", "multipart/form-data boundary=a",
                           "multipart/form-data; boundary=\"a\r\nb\""})
    EXPECT_FALSE(multipart_boundary(type)) << type;
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

TEST(Multipart, NamesOfFilesComeAsTheyWereSent) {
  const auto name = [](const char* value) { return parse_part_disposition(value)->file_name; };
  EXPECT_EQ(name("form-data; name=a; filename=\"x y.txt\""), "x y.txt");
  EXPECT_EQ(name("form-data; name=a; filename=\"C:\\dir\\x\""), "C:\\dir\\x");
  EXPECT_EQ(name(R"(form-data; name=a; filename="a\"b\\c")"), "a\"b\\c");
  EXPECT_EQ(name("form-data; name=a; filename=\"a;b\"; x=y"), "a;b");
  EXPECT_EQ(name("form-data; name=a; filename=\"\""), "");
  EXPECT_FALSE(name("form-data; name=a"));
  EXPECT_FALSE(parse_part_disposition("form-data; filename=a"));
  EXPECT_FALSE(parse_part_disposition("form-data; name=\"a"));
}

}  // namespace
}  // namespace slipway::httpd
