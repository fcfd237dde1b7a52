// quill.cpp: one log call of quill per span of ours: the same texts as arguments, formatted by its worker into nothing.
#include "peer.hpp"

#include <quill/Backend.h>
#include <quill/Frontend.h>
#include <quill/LogMacros.h>
#include <quill/Logger.h>
#include <quill/sinks/NullSink.h>

namespace {

quill::Logger* logger = nullptr;

void log0() { LOG_INFO(logger, "step"); }
void log1() {
  LOG_INFO(logger, "step {} {} {} {} {} {}", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef", 5, 600);
}
void log_llm(const std::string& prompt, const std::string& answer) {
  LOG_INFO(logger, "chat {} {} {} {} {} {} {} {} {} {}", "gpt-4o", "openai", R"({"temperature":0.2})", "user", prompt, "assistant", answer,
           120, 48, 168);
}
void log2() { log_llm(bench::content.prompt, bench::content.answer); }
void log3() { log_llm(bench::content.long_prompt, bench::content.answer); }

}  // namespace

int main() {
  quill::Backend::start();
  logger = quill::Frontend::create_or_get_logger("bench", quill::Frontend::create_or_get_sink<quill::NullSink>("none"));
  constexpr bench::work works[] = {log0, log1, log2, log3};
  constexpr int bursts[] = {400, 400, 40, 3};  // its queue of a thread begins with 128 KiB
  bench::measure_peer("quill, one log call", works, bursts, [] { logger->flush_log(); });
}
