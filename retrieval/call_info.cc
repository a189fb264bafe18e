#include "retrieval/call_info.h"

#include <exception>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/validate.h"

namespace tracevec {

Status AskCallInfo(const std::function<std::optional<CallInfo>()>& ask,
                   std::optional<CallInfo>* info) {
  if (ask == nullptr) return Status::Ok();
  try {
    *info = ask();
  } catch (const std::exception& error) {
    return Status::Internal(fmt::format("call_info threw: {}", error.what()));
  } catch (...) {
    return Status::Internal("call_info threw something that is no std::exception");
  }
  if (!*info) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(CheckText((*info)->model, "call_info model"));
  return CheckText((*info)->version, "call_info version");
}

}  // namespace tracevec
