// Bit unpacking: one loop a width, compiled for the processor at hand, which Swift cannot choose at run time.
#ifndef LAKE_UNPACK_H
#define LAKE_UNPACK_H
#include <stddef.h>
#include <stdint.h>

/// Unpacks `groups` times 32 values of `width` bits (1...32), least significant bit first; reads at most
/// 8 bytes past the last value's.
void lake_unpack32(const void *source, unsigned width, size_t groups, uint32_t *target);

#endif
