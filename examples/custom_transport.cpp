// custom_transport.cpp: the program takes the encoded requests and sends them its own way, here into frames of a file.
// traces: 0
// shows: ^[12] requests.* with 2 spans, application/x-protobuf
// shows: ^frame of [0-9]+ bytes read back
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

// What a serial line, a message queue or a client library of your own would be.
struct serial_line {
  std::ofstream out{"spans.frames", std::ios::binary};
  std::size_t requests = 0, spans = 0;
  std::string content_type;

  // Called on the worker, one call at a time. The bytes are valid during the call only.
  static bool take(void* self, const arthur::batch_view& batch) {
    auto& to = *static_cast<serial_line*>(self);
    const auto size = static_cast<std::uint32_t>(batch.size);
    to.out.write(reinterpret_cast<const char*>(&size), sizeof size);
    to.out.write(batch.data, static_cast<std::streamsize>(batch.size));
    to.out.flush();
    ++to.requests;
    to.spans += batch.spans;
    to.content_type = batch.content_type;
    return to.out.good();  // false: not taken; the spans are counted as failed
  }
};

int main() {
  serial_line line;
  arthur::options options;
  options.on_batch = serial_line::take;
  options.on_batch_user = &line;
  options.protocol = arthur::protocol::http_protobuf;  // the smaller form; any OTLP receiver reads it
  options.schedule_delay = std::chrono::hours(1);      // so that the flush sends everything in one request
  {
    const auto tracing = arthur::start(options);
    {
      ARTHUR_AGENT_SPAN("agent", arthur::input("turn on the light"));
      ARTHUR_TOOL_SPAN("switch", arthur::output("done"));
    }
    if (arthur::flush() != arthur::flush_result::ok) return 1;
  }
  std::printf("%zu requests with %zu spans, %s\n", line.requests, line.spans, line.content_type.c_str());
  std::ifstream in("spans.frames", std::ios::binary);
  std::uint32_t size = 0;
  in.read(reinterpret_cast<char*>(&size), sizeof size);
  std::string frame(size, '\0');
  in.read(&frame[0], size);
  if (in.good()) std::printf("frame of %u bytes read back\n", static_cast<unsigned>(size));
}
