#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "tracevec/receipt.h"

namespace tracevec {

template <typename T>
nlohmann::ordered_json OrNull(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json SpaceJson(const EmbeddingSpace& space);
/// What docs/receipt.schema.json defines.
nlohmann::ordered_json ReceiptJson(const Receipt& receipt);
/// On one line; bytes that are not UTF-8 are replaced.
std::string JsonText(const nlohmann::ordered_json& json);

}  // namespace tracevec
