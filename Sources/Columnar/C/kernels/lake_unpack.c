#include "lake_unpack.h"
#include <string.h>

// Clones are chosen while the program is loaded, before the thread sanitizer is there.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LAKE_ONE_CLONE
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(LAKE_ONE_CLONE)
#define LAKE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define LAKE_CLONES
#endif

// With a constant width every offset and shift is a constant, and the inner loop becomes vectors.
static inline __attribute__((always_inline)) void unpack(
    const uint8_t *source, const unsigned width, size_t groups, uint32_t *target) {
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    for (size_t group = 0; group < groups; group++) {
#pragma clang loop unroll(full)
        for (unsigned i = 0; i < 32; i++) {
            const unsigned bit = i * width;
            uint64_t word;
            memcpy(&word, source + (bit >> 3), sizeof word);
            target[i] = (uint32_t)((word >> (bit & 7)) & mask);
        }
        source += width * 4;
        target += 32;
    }
}

#define WIDTH(w) \
    case w: \
        unpack(bytes, w, groups, target); \
        break;

LAKE_CLONES
void lake_unpack32(const void *source, unsigned width, size_t groups, uint32_t *target) {
    const uint8_t *bytes = source;
    switch (width) {
        WIDTH(1) WIDTH(2) WIDTH(3) WIDTH(4) WIDTH(5) WIDTH(6) WIDTH(7) WIDTH(8)
        WIDTH(9) WIDTH(10) WIDTH(11) WIDTH(12) WIDTH(13) WIDTH(14) WIDTH(15) WIDTH(16)
        WIDTH(17) WIDTH(18) WIDTH(19) WIDTH(20) WIDTH(21) WIDTH(22) WIDTH(23) WIDTH(24)
        WIDTH(25) WIDTH(26) WIDTH(27) WIDTH(28) WIDTH(29) WIDTH(30) WIDTH(31) WIDTH(32)
    }
}
