#ifndef LAKE_CRC32_H
#define LAKE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 (the gzip polynomial) of as many of the bytes as the processor's carry-less multiplication takes:
 * whole blocks of 16, if there are 64 bytes or more.
 *
 * crc: the checksum of what came before, 0 at the start; replaced by the checksum so far.
 * Returns the number of bytes taken; 0 where the processor cannot.
 * Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009).
 */
size_t lake_crc32_blocks(const uint8_t *bytes, size_t count, uint32_t *crc);

#endif
