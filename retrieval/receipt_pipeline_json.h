#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "tracevec/receipt.h"

namespace tracevec {

/// The members of Receipt::stages.
nlohmann::ordered_json StagesJson(const std::vector<ReceiptStage>& stages);
/// Those of Receipt::passages.
nlohmann::ordered_json PassagesJson(const std::vector<ReceiptPassage>& passages);

}  // namespace tracevec
