#include "retrieval/json_members.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/nearest_name.h"

namespace tracevec {
namespace {

/// A value as a message shows it.
std::string Shown(const nlohmann::json& value) {
  constexpr std::size_t kMostBytes = 60;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() <= kMostBytes) return text;
  return text.substr(0, kMostBytes) + "...";
}

}  // namespace

MemberReader::MemberReader(const nlohmann::json& object, std::string place)
    : object_(object), place_(std::move(place)) {
  if (object_.is_object()) return;
  status_ = Status::InvalidArgument(fmt::format("{}{}expected an object, got {}", place_,
                                                place_.empty() ? "" : ": ", Shown(object_)));
}

std::string MemberReader::PlaceOf(std::string_view name) const {
  return place_.empty() ? std::string(name) : fmt::format("{}.{}", place_, name);
}

void MemberReader::Fail(std::string_view name, const std::string& message) {
  if (!status_.ok()) return;
  status_ = Status::InvalidArgument(fmt::format("{}: {}", PlaceOf(name), message));
}

const nlohmann::json* MemberReader::Find(std::string_view name) {
  known_.emplace_back(name);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

void MemberReader::Text(std::string_view name, std::string* value) {
  const nlohmann::json* found = Find(name);
  if (found == nullptr) return;
  if (!found->is_string()) return Fail(name, "expected a string, got " + Shown(*found));
  *value = found->get<std::string>();
}

void MemberReader::Count(std::string_view name, std::uint32_t* value) {
  const nlohmann::json* found = Find(name);
  if (found == nullptr) return;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > kMost) {
    return Fail(name,
                fmt::format("expected a whole number from 0 to {}, got {}", kMost, Shown(*found)));
  }
  *value = found->get<std::uint32_t>();
}

void MemberReader::Number(std::string_view name, double* value) {
  const nlohmann::json* found = Find(name);
  if (found == nullptr) return;
  if (!found->is_number()) return Fail(name, "expected a number, got " + Shown(*found));
  *value = found->get<double>();
}

void MemberReader::OptionalNumber(std::string_view name, std::optional<double>* value) {
  const auto member = object_.is_object() ? object_.find(name) : object_.end();
  double number = 0;
  Number(name, &number);
  if (member != object_.end()) *value = number;
}

void MemberReader::Numbers(std::string_view name, std::vector<double>* values) {
  const nlohmann::json* found = Find(name);
  if (found == nullptr) return;
  if (!found->is_array()) return Fail(name, "expected an array, got " + Shown(*found));
  values->clear();
  for (std::size_t i = 0; i < found->size(); ++i) {
    const nlohmann::json& number = (*found)[i];
    if (!number.is_number()) {
      return Fail(fmt::format("{}[{}]", name, i), "expected a number, got " + Shown(number));
    }
    values->push_back(number.get<double>());
  }
}

void MemberReader::Callback(std::string_view name, std::string* value,
                            std::string_view by_default) {
  *value = by_default;
  Text(name, value);
  if (value->empty() && !by_default.empty()) Fail(name, "expected the name of a callback");
}

std::optional<std::size_t> MemberReader::ChoiceNumber(std::string_view name,
                                                      std::span<const std::string_view> names) {
  std::string value;
  Text(name, &value);
  const bool there = object_.is_object() && object_.contains(name);
  if (!there || !status_.ok()) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  Fail(name, fmt::format("'{}' is none of {}{}", value, fmt::join(known, ", "),
                         DidYouMean(value, known)));
  return std::nullopt;
}

Status MemberReader::Finish() const {
  if (!status_.ok()) return status_;
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    return Status::InvalidArgument(fmt::format("{}: there is no such member{}; there are {}",
                                               PlaceOf(name), DidYouMean(name, known_),
                                               fmt::join(known_, ", ")));
  }
  return Status::Ok();
}

void MemberWriter::Text(std::string_view name, const std::string* value) {
  if (!value->empty()) object_[std::string(name)] = *value;
}

void MemberWriter::Count(std::string_view name, const std::uint32_t* value) {
  object_[std::string(name)] = *value;
}

void MemberWriter::Number(std::string_view name, const double* value) {
  object_[std::string(name)] = *value;
}

void MemberWriter::OptionalNumber(std::string_view name, const std::optional<double>* value) {
  if (*value) object_[std::string(name)] = **value;
}

void MemberWriter::Numbers(std::string_view name, const std::vector<double>* values) {
  if (!values->empty()) object_[std::string(name)] = *values;
}

void MemberWriter::Callback(std::string_view name, const std::string* value,
                            std::string_view by_default) {
  object_[std::string(name)] = value->empty() ? std::string(by_default) : *value;
}

}  // namespace tracevec
