#pragma once

/// TRACEVEC_EXPORT marks what the shared library exports; everything else is hidden. A class nested
/// in an exported one is exported with it, unless TRACEVEC_HIDDEN marks it.
#if defined(__GNUC__) || defined(__clang__)
#define TRACEVEC_EXPORT [[gnu::visibility("default")]]
#define TRACEVEC_HIDDEN [[gnu::visibility("hidden")]]
#else
#define TRACEVEC_EXPORT
#define TRACEVEC_HIDDEN
#endif
