// The few loops and atomics that Swift cannot express: raw-slot atomics, byte masks.
#ifndef LAKE_KERNELS_H
#define LAKE_KERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lake_crc32.h"
#include "lake_unpack.h"

/// Acquire load of a slot that other threads may publish.
static inline uint64_t lake_load_acquire(const uint64_t *slot) {
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

/// Release store: everything written before is visible to an acquire load of the slot.
static inline void lake_store_release(uint64_t *slot, uint64_t value) {
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

/// Compare-and-swap of an empty slot; false when another thread was first.
static inline bool lake_compare_exchange(uint64_t *slot, uint64_t expected, uint64_t desired) {
    return __atomic_compare_exchange_n(
        slot, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/// Acquire load of a 32-bit slot.
static inline uint32_t lake_load_acquire32(const uint32_t *slot) {
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

/// Release store of a 32-bit slot.
static inline void lake_store_release32(uint32_t *slot, uint32_t value) {
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

/// Relaxed store of a flag that several threads only ever set.
static inline void lake_store_relaxed8(uint8_t *slot, uint8_t value) {
    __atomic_store_n(slot, value, __ATOMIC_RELAXED);
}

/// Asks for the cache line of an address that is needed soon.
static inline void lake_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#endif
