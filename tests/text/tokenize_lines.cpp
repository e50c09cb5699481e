// zimage_tokenize_lines DIR: reads one JSON string a line and writes its token ids, so that another tokenizer can be
// held against ours over many strings in one process. The time to load goes to standard error.
#include "zimage/error.h"

#include "io/json.h"
#include "text/tokenizer.h"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void tokenize_lines(const zimage::Tokenizer& tokenizer) {
  for (std::string line; std::getline(std::cin, line);) {
    const zimage::io::Json json = zimage::io::parse_json(line, "standard input");
    const std::string* text = json.as<std::string>();
    if (text == nullptr) throw zimage::Error(zimage::ErrorKind::usage, "standard input: a line that is no string");
    const char* separator = "";
    for (const std::int32_t id : tokenizer.encode(*text)) {
      std::cout << separator << id;
      separator = " ";
    }
    std::cout << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: zimage_tokenize_lines TOKENIZER_DIR < strings.jsonl\n");
    return 2;
  }
  try {
    std::ios::sync_with_stdio(false);
    const auto start = std::chrono::steady_clock::now();
    const zimage::Tokenizer tokenizer(argv[1]);
    std::fprintf(stderr, "loaded in %.1f ms\n", milliseconds_since(start));
    tokenize_lines(tokenizer);
    return 0;
  } catch (const zimage::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
