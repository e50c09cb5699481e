#include "io/sha256_stream.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace zimage::io {
namespace {

// FIPS 180-4's own examples.
TEST(Sha256, known_digests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, the_same_in_pieces_of_any_size) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (std::size_t step = 1; step <= 200; ++step) {
    Sha256Stream stream;
    for (std::size_t at = 0; at < text.size(); at += step) stream.add(std::string_view(text).substr(at, step));
    EXPECT_EQ(stream.digest(), sha256(text)) << step;
  }
}

}  // namespace
}  // namespace zimage::io
