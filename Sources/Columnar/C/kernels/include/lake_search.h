// Byte search: Swift has no movemask, so the mask loop is here.
#ifndef LAKE_SEARCH_H
#define LAKE_SEARCH_H
#include <stddef.h>
#include <stdint.h>

/// The position of the first `needle` (1 byte or more) in `text`, or -1; reads no byte past the end.
long lake_find(const void *text, size_t text_bytes, const void *needle, size_t needle_bytes);

#endif
