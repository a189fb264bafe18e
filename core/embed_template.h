#pragma once

#include <string>
#include <string_view>

#include "tracevec/status.h"

namespace tracevec {

/// Replaces {title}, {section} and {text} in a VectorField's embed_template. What is filled in is
/// not searched again; anything else in braces stays as it is.
std::string FillEmbedTemplate(std::string_view tmpl, std::string_view title,
                              std::string_view section, std::string_view text);

/// OK when a template holds {text} and no other {name} than the three. A brace that does not open
/// a name ("{ }", "{}") is plain text. Errors: InvalidArgument.
Status CheckEmbedTemplate(std::string_view tmpl);

}  // namespace tracevec
