#pragma once

#include "tracevec/status.h"

// The two macros of the error model: return the Status of an expression when it is not OK, and
// take a Result's value or return its Status.

#define TRACEVEC_RETURN_IF_ERROR(expression)                                      \
  do {                                                                            \
    if (::tracevec::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define TRACEVEC_CONCAT_INNER(a, b) a##b
#define TRACEVEC_CONCAT(a, b) TRACEVEC_CONCAT_INNER(a, b)

#define TRACEVEC_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                            \
  if (!result.ok()) return result.status();                              \
  declaration = *std::move(result)

/// TRACEVEC_ASSIGN_OR_RETURN(auto value, F()); the declaration may also be an existing variable.
#define TRACEVEC_ASSIGN_OR_RETURN(declaration, expression) \
  TRACEVEC_ASSIGN_OR_RETURN_INNER(TRACEVEC_CONCAT(result_, __LINE__), declaration, expression)
