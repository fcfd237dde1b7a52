// events.hpp: events and the status message of an open span as OTLP bytes.
#ifndef ARTHUR_SPANS_EVENTS_HPP
#define ARTHUR_SPANS_EVENTS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../attributes.hpp"
#include "../config.hpp"
#include "../openinference/sequence.hpp"
#include "../record/recorder.hpp"
#include "../record/slot.hpp"
#include "../record/wire.hpp"
#include "../record/writer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline void write_status_message(frame& f, std::string_view message) noexcept {
  // The engine's error panel needs a message, and null characters don't reach it.
  if (message.find_first_not_of('\0') == std::string_view::npos) message = "unspecified error";
  char start[24];
  char* at = wire::put_byte(start, wire::span_status);
  at = wire::put_varint(at, 1 + wire::varint_size(message.size()) + message.size());
  at = wire::put_byte(at, wire::status_message);
  at = wire::put_varint(at, message.size());
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(message.data(), message.size());
  f.result = span_status::error;
}

/// Size of a KeyValue field inside an event; 0: not one of attribute() with a plain value, left out.
inline std::size_t event_attribute_size(const item& i) noexcept {
  if (i.code != key::free || i.key_size == 0) return 0;
  const std::size_t k = i.key_size < 1024 ? i.key_size : 1024;
  switch (i.value_type) {
    case item::type::text:
    case item::type::json:
      return attribute_size(k, text_any_size(i.size));
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) {
        return attribute_size(k, text_any_size(unsigned_text(i.unsigned_integer).view().size()));
      }
      return attribute_size(k, 1 + wire::varint_size(i.unsigned_integer));
    case item::type::integer:
      return attribute_size(k, 1 + wire::varint_size(i.unsigned_integer));
    case item::type::number:
      return attribute_size(k, 9);
    case item::type::boolean:
      return attribute_size(k, 2);
    default:
      return 0;
  }
}

inline void write_event_attribute(writer& to, const item& i, std::uint8_t tag = wire::event_attributes) noexcept {
  const std::size_t k = i.key_size < 1024 ? i.key_size : 1024;
  switch (i.value_type) {
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) {
        const unsigned_text digits(i.unsigned_integer);
        return write_text(to, tag, i.key_data, k, digits.view().data(), digits.view().size());
      }
      return write_integer(to, tag, i.key_data, k, i.integer);
    case item::type::integer:
      return write_integer(to, tag, i.key_data, k, i.integer);
    case item::type::number:
      return write_number(to, tag, i.key_data, k, i.number);
    case item::type::boolean:
      return write_boolean(to, tag, i.key_data, k, i.boolean);
    default:
      return write_text(to, tag, i.key_data, k, i.data, i.size);
  }
}

/// The length of an event stands before it, so its attributes are measured first.
inline void write_event(frame& f, std::string_view name, const item* items, std::size_t count) noexcept {
  std::size_t size = 9 + 1 + wire::varint_size(name.size()) + name.size();
  for (std::size_t n = 0; n < count; ++n) size += event_attribute_size(items[n]);
  char start[32];
  char* at = wire::put_byte(start, wire::span_events);
  at = wire::put_varint(at, size);
  at = wire::put_byte(at, wire::event_time);
  at = wire::put_fixed64(at, the_recorder.clock.now());
  at = wire::put_byte(at, wire::event_name);
  at = wire::put_varint(at, name.size());
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(name.data(), name.size());
  for (std::size_t n = 0; n < count; ++n) {
    if (event_attribute_size(items[n]) != 0) {
      write_event_attribute(f.bytes, items[n]);
    } else {
      ++f.dropped_attributes;
    }
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
