#pragma once

#include <functional>
#include <optional>

#include "tracevec/document.h"
#include "tracevec/status.h"

namespace tracevec {

/// Asks what the call of a user's function before says of itself. `ask` may be empty. Errors:
/// Internal for what it throws; InvalidArgument (UTF-8, sizes), `info` then has what it gave.
Status AskCallInfo(const std::function<std::optional<CallInfo>()>& ask,
                   std::optional<CallInfo>* info);

}  // namespace tracevec
