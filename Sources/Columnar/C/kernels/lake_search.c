#include "lake_search.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Two probe bytes, the needle's first and last: 16 positions a step, verified by memcmp.
long lake_find(const void *text, size_t text_bytes, const void *needle, size_t needle_bytes) {
    const uint8_t *t = text;
    const uint8_t *n = needle;
    if (needle_bytes == 0) return 0;
    if (needle_bytes > text_bytes) return -1;
    size_t last_start = text_bytes - needle_bytes;
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8((char)n[0]);
    const __m128i last = _mm_set1_epi8((char)n[needle_bytes - 1]);
    for (; i + 15 <= last_start; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(t + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(t + i + needle_bytes - 1));
        unsigned mask = (unsigned)_mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
        while (mask != 0) {
            size_t at = i + (size_t)__builtin_ctz(mask);
            if (memcmp(t + at, n, needle_bytes) == 0) return (long)at;
            mask &= mask - 1;
        }
    }
#endif
    for (; i <= last_start; i++) {
        if (t[i] == n[0] && memcmp(t + i, n, needle_bytes) == 0) return (long)i;
    }
    return -1;
}
