#include "lake_crc32.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* x to the powers that fold 64, 16 and 8 bytes on, modulo the reflected polynomial, and Barrett's constants. */
static const uint64_t k1 = 0x0154442bd4, k2 = 0x01c6e41596, k3 = 0x01751997d0, k4 = 0x00ccaa009e,
                      k5 = 0x0163cd6124, polynomial = 0x01db710641, quotient = 0x01f7011641;

__attribute__((target("pclmul,sse4.1"))) static inline __m128i fold(
    __m128i state, __m128i factor, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(state, factor, 0x00);
  __m128i high = _mm_clmulepi64_si128(state, factor, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1"))) static size_t folded(
    const uint8_t *bytes, size_t count, uint32_t *crc) {
  const __m128i *block = (const __m128i *)bytes;
  size_t blocks = count / 16;
  __m128i a = _mm_loadu_si128(block), b = _mm_loadu_si128(block + 1);
  __m128i c = _mm_loadu_si128(block + 2), d = _mm_loadu_si128(block + 3);
  a = _mm_xor_si128(a, _mm_cvtsi32_si128((int)~*crc));
  size_t next = 4;
  __m128i factor = _mm_set_epi64x((long long)k2, (long long)k1);
  for (; next + 4 <= blocks; next += 4) {
    a = fold(a, factor, _mm_loadu_si128(block + next));
    b = fold(b, factor, _mm_loadu_si128(block + next + 1));
    c = fold(c, factor, _mm_loadu_si128(block + next + 2));
    d = fold(d, factor, _mm_loadu_si128(block + next + 3));
  }
  factor = _mm_set_epi64x((long long)k4, (long long)k3);
  a = fold(a, factor, b);
  a = fold(a, factor, c);
  a = fold(a, factor, d);
  for (; next < blocks; next++) a = fold(a, factor, _mm_loadu_si128(block + next));

  /* 128 bits to 64, then to 32. */
  __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
  __m128i x = _mm_clmulepi64_si128(a, factor, 0x10);
  a = _mm_xor_si128(_mm_srli_si128(a, 8), x);
  x = _mm_srli_si128(a, 4);
  a = _mm_and_si128(a, low32);
  a = _mm_clmulepi64_si128(a, _mm_set_epi64x(0, (long long)k5), 0x00);
  a = _mm_xor_si128(a, x);

  __m128i barrett = _mm_set_epi64x((long long)quotient, (long long)polynomial);
  x = _mm_and_si128(a, low32);
  x = _mm_clmulepi64_si128(x, barrett, 0x10);
  x = _mm_and_si128(x, low32);
  x = _mm_clmulepi64_si128(x, barrett, 0x00);
  a = _mm_xor_si128(a, x);
  *crc = ~(uint32_t)_mm_extract_epi32(a, 1);
  return blocks * 16;
}

size_t lake_crc32_blocks(const uint8_t *bytes, size_t count, uint32_t *crc) {
  if (count < 64 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) return 0;
  return folded(bytes, count, crc);
}

#else

size_t lake_crc32_blocks(const uint8_t *bytes, size_t count, uint32_t *crc) {
  (void)bytes, (void)count, (void)crc;
  return 0;
}

#endif
