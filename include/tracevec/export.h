#pragma once

/// Marks what the shared library exports. Everything else is hidden.
#if defined(__GNUC__) || defined(__clang__)
#define TRACEVEC_EXPORT [[gnu::visibility("default")]]
#else
#define TRACEVEC_EXPORT
#endif
