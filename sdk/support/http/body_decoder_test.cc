#include "support/http/body_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway::http {
namespace {

struct Decoded {
  std::string data, rest;
  BodyDecoder::State state = BodyDecoder::State::More;
};

Decoded decode(BodyDecoder decoder, std::string_view input, std::size_t step) {
  Decoded decoded;
  std::string buffer;
  while (true) {
    while (!buffer.empty() && decoder.state() == BodyDecoder::State::More) {
      const auto piece = decoder.next(buffer, 7);
      decoded.data += piece.data;
      buffer.erase(0, piece.consumed);
    }
    if (decoder.state() != BodyDecoder::State::More || input.empty()) break;
    buffer += input.substr(0, step);
    input.remove_prefix(std::min(step, input.size()));
  }
  decoded.state = decoder.state();
  decoded.rest = buffer + std::string(input);
  return decoded;
}

Decoded chunked(std::string_view input, std::size_t step = 4096) {
  BodyDecoder decoder;
  decoder.begin_chunked();
  return decode(decoder, input, step);
}

TEST(BodyDecoder, ALengthEndsWhereItSays) {
  BodyDecoder decoder;
  decoder.begin_length(5);
  const auto decoded = decode(decoder, "helloGET", 3);
  EXPECT_EQ(decoded.state, BodyDecoder::State::Done);
  EXPECT_EQ(decoded.data, "hello");
  EXPECT_EQ(decoded.rest, "GET");
  decoder.begin_length(0);
  EXPECT_EQ(decoder.state(), BodyDecoder::State::Done);
}

TEST(BodyDecoder, ChunksComeTogetherHoweverTheyAreCut) {
  const std::string text = "5\r\nhello\r\n00F;a=b;c=\"d\"\r\n, wonderful wor\r\n2\r\nld\r\n0\r\nX: y\r\nZ:\r\n\r\nnext";
  for (std::size_t step = 1; step < text.size(); ++step) {
    const auto decoded = chunked(text, step);
    EXPECT_EQ(decoded.state, BodyDecoder::State::Done) << step;
    EXPECT_EQ(decoded.data, "hello, wonderful world");
    EXPECT_EQ(decoded.rest, "next");
  }
}

TEST(BodyDecoder, RefusesLooseChunks) {
  for (const char* text : {"5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
                           "0x5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n", "\r\nhello\r\n", "5\r\nhello0\r\n\r\n",
                           "5\r\nhello\n0\r\n\r\n", "5\rhello\r\n", "g\r\n", "10000000000000005\r\nhello\r\n",
                           "0\r\nX y\r\n\r\n", "0\r\n: y\r\n\r\n", "0\r\nX: y\n\r\n", "0\r\n\rX", "5;\n\r\nhello"})
    EXPECT_EQ(chunked(text).state, BodyDecoder::State::Bad) << text;
}

TEST(BodyDecoder, BoundsExtensionsAndTrailers) {
  EXPECT_EQ(chunked("5;" + std::string(20000, 'a')).state, BodyDecoder::State::Bad);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "1;a\r\nx\r\n";
  EXPECT_EQ(chunked(many).state, BodyDecoder::State::Bad);
  EXPECT_EQ(chunked("0\r\nA: " + std::string(20000, 'a') + "\r\n\r\n").state, BodyDecoder::State::Bad);
}

TEST(BodyDecoder, DataMayBeTakenDirectly) {
  BodyDecoder decoder;
  decoder.begin_chunked();
  EXPECT_EQ(decoder.direct(), 0u);
  EXPECT_EQ(decoder.next("a\r\n", 100).consumed, 3u);
  EXPECT_EQ(decoder.direct(), 10u);
  decoder.taken(4);
  EXPECT_EQ(decoder.direct(), 6u);
  decoder.taken(6);
  EXPECT_EQ(decoder.direct(), 0u);
  decoder.next("\r\n0\r\n\r\n", 100);
  EXPECT_EQ(decoder.state(), BodyDecoder::State::Done);
}

}  // namespace
}  // namespace slipway::http
