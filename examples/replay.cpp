// replay.cpp: sends what a program left in its spool while the endpoint was away; from another machine, too. The environment says
// where to, as for the program. Usage: replay <directory>
// spooled: hello
// shows: ^LLM chat .*12.+9 tokens .*capital of France.*Paris
// shows: ^1 span delivered, 0 rejected, 0 unconfirmed; 0 files left$
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdlib>
#include <iostream>

int main(int count, char** arguments) {
  const char* const directory = count == 2 ? arguments[1] : std::getenv("ARTHUR_SPOOL_DIR");
  if (directory == nullptr) {
    std::cerr << "usage: replay <directory>, the one that ARTHUR_SPOOL_DIR or options.spool_directory named\n";
    return 2;
  }
  const auto progress = [](void*, const arthur::replay_result& so_far) {
    std::cerr << '\r' << so_far.delivered << " delivered, " << so_far.files_left << " files to go " << std::flush;
  };
  const auto result = arthur::replay(directory, {}, progress);
  std::cerr << '\n';
  std::cout << result.delivered << (result.delivered == 1 ? " span" : " spans") << " delivered, " << result.rejected << " rejected, "
            << result.unconfirmed << " unconfirmed; " << result.files_left << " files left\n";
  if (!result.ok()) std::cout << result.error << '\n';
  return result.ok() ? 0 : 1;
}
