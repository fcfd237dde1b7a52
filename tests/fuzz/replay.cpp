// replay.cpp: the inputs in corpus/ run through their targets, by the compiler and with the sanitizers of each build.
#include "fuzz.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace fuzz {

std::size_t replay(const char* name, void (*target)(const std::uint8_t*, std::size_t)) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(FUZZ_CORPUS) / name)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream from(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(from), {}};
    running = file.string();
    target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  return files.size();
}

}  // namespace fuzz
