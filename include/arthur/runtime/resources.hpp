// resources.hpp: the encoded resource of each group: the process's own, and those that contexts asked for.
#ifndef ARTHUR_RUNTIME_RESOURCES_HPP
#define ARTHUR_RUNTIME_RESOURCES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../otlp/cleaning.hpp"
#include "../otlp/envelope.hpp"
#include "../policy/settings.hpp"
#include "../record/recorder.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Group 0 is the process's own resource. A context's task_id() replaces arthur.task; its service_name() replaces
/// service.name and, without a task_id() beside it, removes arthur.task: the engine would route by the task otherwise.
class resources {
 public:
  explicit resources(const settings& s) : settings_(s), task_(s.task_id) {}

  void task_found(const std::string& id) {
    task_ = id;
    encoded_.clear();
    views_.clear();
  }

  /// Makes sure that the group is encoded; returns its number.
  std::uint32_t known(std::uint32_t group) {
    if (encoded_.size() <= group) {
      encoded_.resize(group + 1);
      views_.resize(group + 1);
    }
    if (views_[group].size == 0) encode(group);
    return group;
  }

  const resource_view* views() const noexcept { return views_.data(); }
  std::size_t count() const noexcept { return views_.size(); }

 private:
  void encode(std::uint32_t group) {
    std::string task = task_;
    std::string service = settings_.service_name;
    const char* data = nullptr;
    std::size_t size = 0;
    if (group != 0 && the_recorder.groups.get(group, data, size)) {
      std::string_view own_task, own_service;
      split_group(data, size, own_task, own_service);
      if (!own_service.empty()) {
        service = std::string(own_service);
        task.clear();
      }
      if (!own_task.empty()) task = std::string(own_task);
    }
    buffer b;
    for (const header& h : settings_.resource) {
      if (h.name == "arthur.task" || h.name == "service.name") continue;
      put(b, h.name, h.value);
    }
    put(b, "service.name", service);
    if (!task.empty()) put(b, "arthur.task", task);
    // Names come from the environment, too: one bad byte here would spoil every request.
    buffer clean;
    clean_counts counts;
    const bool engine = settings_.where.profile == profile::arthur;
    if (clean_resource(clean, b.data(), b.size(), engine, counts) == clean_outcome::rewritten) b = static_cast<buffer&&>(clean);
    encoded_[group] = static_cast<buffer&&>(b);
    views_[group] = {encoded_[group].data(), encoded_[group].size()};
  }

  static void put(buffer& to, std::string_view k, std::string_view value) {
    append_string_attribute(to, resource_attributes, k.data(), k.size(), value.data(), value.size());
  }

  const settings& settings_;
  std::string task_;
  std::vector<buffer> encoded_;
  std::vector<resource_view> views_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
