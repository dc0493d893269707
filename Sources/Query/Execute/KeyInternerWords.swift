import CKernels
import Columnar
import Synchronization

/// Words to dense ids, shared by all workers: published slots are read without a lock.
///
/// A slot is filled once, under the lock, and its id is stored last with release order; a reader that sees
/// the id sees the word. A full table is replaced by a larger one; readers of the old one merely miss.
final class WordInterner: Sendable {
    /// Ids below this are the caller's (the NULL of a column).
    let firstID: UInt32
    private let pool: BufferPool
    private let state: Mutex<State>

    private struct State: Sendable {
        var table: WordTable
        /// The word of each id, from `firstID` on.
        var words: GrowingBuffer<UInt64>
        var low = UInt64.max
        var high = UInt64.min
    }

    init(firstID: UInt32, pool: BufferPool) throws(ColumnarError) {
        self.firstID = firstID
        self.pool = pool
        let words = try GrowingBuffer<UInt64>(pool: pool)
        state = Mutex(State(table: try WordTable(hashedFor: 8, seed: 0, pool: pool), words: words))
    }

    /// Ids are below this.
    var idLimit: Int { state.withLock { Int(firstID) + $0.words.count } }

    /// The table as of now.
    var table: WordTable { state.withLock { $0.table } }

    /// The words by `id - firstID`; only when nothing is inserted any more.
    func allWords() -> (buffer: Buffer, count: Int) {
        state.withLock { ($0.words.buffer, $0.words.count) }
    }

    /// Gives ids to the `count` words that `misses` numbers, and returns the newest table.
    func insert(
        _ words: Buffer, misses: Buffer, count: Int, ids: Buffer
    ) throws(QueryError) -> WordTable {
        var failure: QueryError?
        let newest = state.withLock { state in
            let words = words.pointer(UInt64.self)
            let misses = misses.pointer(UInt32.self)
            let ids = ids.pointer(UInt32.self)
            for i in 0..<count {
                state.low = min(state.low, words[Int(misses[i])])
                state.high = max(state.high, words[Int(misses[i])])
            }
            do throws(QueryError) {
                // The first words say whether an array will do.
                if state.words.count == 0 { try grow(&state, isHostile: false) }
                for i in 0..<count {
                    let miss = Int(misses[i])
                    ids[miss] = try insertOne(words[miss], &state)
                }
            } catch {
                failure = error
            }
            return state.table
        }
        if let failure { throw failure }
        return newest
    }

    private func insertOne(_ word: UInt64, _ state: inout State) throws(QueryError) -> UInt32 {
        while true {
            switch state.table.find(word) {
            case .id(let id): return id
            case .empty(let position, let steps):
                let count = state.words.count
                let hasRoom = state.table.hasRoom(count: count)
                let isHostile = steps > WordTable.longChain && state.table.seed < 4
                if !hasRoom || isHostile {
                    try grow(&state, isHostile: hasRoom)
                    continue
                }
                guard count < Int(KeyInterner.noID) - Int(firstID) - 1 else {
                    throw QueryError(.exceededMemoryLimit, "Too many distinct keys")
                }
                let id = firstID + UInt32(count)
                try storage { () throws(ColumnarError) in try state.words.append(word) }
                state.table.publish(word, id: id, at: position)
                return id
            case .outside: try grow(&state, isHostile: false)
            }
        }
    }

    /// Replaces the table by a larger one, or one with another seed, holding all words so far.
    private func grow(_ state: inout State, isHostile: Bool) throws(QueryError) {
        let count = state.words.count
        let old = state.table
        let table: WordTable
        do throws(ColumnarError) {
            let range = WordTable.directRange(
                low: state.low, high: state.high, count: count, wasHashed: count > 0 && old.isHashed
            )
            if let range {
                table = try WordTable(base: range.base, size: range.size, pool: pool)
            } else {
                table = try WordTable(
                    hashedFor: max(count * 2, 1024), seed: isHostile ? old.seed &+ 1 : old.seed,
                    pool: pool)
            }
        } catch {
            throw QueryError(error)
        }
        let held = state.words.buffer
        let words = held.span(of: UInt64.self, count: count)
        for i in 0..<count {
            if case .empty(let position, _) = table.find(words[i]) {
                table.publish(words[i], id: firstID + UInt32(i), at: position)
            }
        }
        state.table = table
    }
}

/// One published generation of a word table: an array by word, or open addressing with linear probing.
final class WordTable: Sendable {
    /// Span up to which a sparse range still gets an array.
    static let directSlots = 4 << 20
    /// Probes after which the hash is suspected of having been attacked.
    static let longChain = 128

    let isHashed: Bool
    let base: UInt64
    /// Slots; a power of two when hashed.
    let size: Int
    let seed: UInt64
    /// UInt32 of id + 1 when direct, pairs (word, id + 1) when hashed.
    let slots: Buffer

    enum Place {
        case id(UInt32)
        case empty(Int, steps: Int)
        /// Out of the array's range.
        case outside
    }

    init(hashedFor count: Int, seed: UInt64, pool: BufferPool) throws(ColumnarError) {
        isHashed = true
        base = 0
        self.seed = seed
        var size = 16
        while size < count * 2 { size *= 2 }
        self.size = size
        slots = try pool.allocate(UInt64.self, count: size * 2)
        slots.zero(bytes: size * 16)
    }

    init(base: UInt64, size: Int, pool: BufferPool) throws(ColumnarError) {
        isHashed = false
        self.base = base
        self.size = size
        seed = 0
        slots = try pool.allocate(UInt32.self, count: size)
        slots.zero(bytes: size * 4)
    }

    /// The array that suits a range of words, with room around it; nil where hashing is better.
    ///
    /// Eight slots a word cost what a hash table costs. Young tables get the benefit of the doubt.
    static func directRange(
        low: UInt64, high: UInt64, count: Int, wasHashed: Bool
    ) -> (base: UInt64, size: Int)? {
        guard low <= high else { return nil }
        let span = high - low
        let isDense = span < UInt64(count * 8)
        let isSmall = span < UInt64(max(65_536, min(count * 32, directSlots)))
        guard span < 1 << 30, isDense || (isSmall && !wasHashed) else { return nil }
        let room = max(Int(span) / 4, 512)
        return (low &- UInt64(room), Int(span) + 1 + 2 * room)
    }

    /// Hashed tables stay at most half full.
    func hasRoom(count: Int) -> Bool { !isHashed || count * 2 < size }

    @inline(__always)
    static func hash(_ word: UInt64, seed: UInt64) -> UInt64 {
        let product = (word ^ seed &* 0xA076_1D64_78BD_642F ^ 0x2D35_8DCC_AA6C_78A5)
            .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    /// Where a word is or belongs; for inserts under the lock and for small look-ups.
    func find(_ word: UInt64) -> Place {
        if !isHashed {
            let offset = word &- base
            guard offset < UInt64(size) else { return .outside }
            let id = lake_load_acquire32(slots.pointer(UInt32.self) + Int(offset))
            return id == 0 ? .empty(Int(offset), steps: 0) : .id(id &- 1)
        }
        let mask = size &- 1
        var position = Int(truncatingIfNeeded: Self.hash(word, seed: seed)) & mask
        let pointer = slots.pointer(UInt64.self)
        var steps = 0
        while true {
            let id = lake_load_acquire(pointer + (position &* 2 &+ 1))
            if id == 0 { return .empty(position, steps: steps) }
            if pointer[position &* 2] == word { return .id(UInt32(truncatingIfNeeded: id &- 1)) }
            position = (position &+ 1) & mask
            steps &+= 1
        }
    }

    /// Fills an empty slot; under the lock only.
    func publish(_ word: UInt64, id: UInt32, at position: Int) {
        if isHashed {
            let pointer = slots.pointer(UInt64.self)
            pointer[position * 2] = word
            lake_store_release(pointer + (position * 2 + 1), UInt64(id) + 1)
        } else {
            lake_store_release32(slots.pointer(UInt32.self) + position, id + 1)
        }
    }

    /// Looks all words up; returns how many are missing, their numbers in `misses`, `noID` as their id.
    func lookup(
        _ words: Span<UInt64>, ids: inout MutableSpan<UInt32>, misses: inout MutableSpan<UInt32>
    ) -> Int {
        isHashed
            ? lookupHashed(words, ids: &ids, misses: &misses)
            : lookupDirect(words, ids: &ids, misses: &misses)
    }

    private func lookupDirect(
        _ words: Span<UInt64>, ids: inout MutableSpan<UInt32>, misses: inout MutableSpan<UInt32>
    ) -> Int {
        let pointer = slots.pointer(UInt32.self)
        let size = UInt64(size)
        var missed = 0
        for i in words.indices {
            let offset = words[i] &- base
            let id = offset < size ? lake_load_acquire32(pointer + Int(offset)) : 0
            ids[i] = id &- 1
            misses[missed] = UInt32(truncatingIfNeeded: i)
            missed &+= id == 0 ? 1 : 0
        }
        return missed
    }

    /// Tables beyond the cache are probed in two passes: positions with a prefetch, then slots.
    private func lookupHashed(
        _ words: Span<UInt64>, ids: inout MutableSpan<UInt32>, misses: inout MutableSpan<UInt32>
    ) -> Int {
        let pointer = slots.pointer(UInt64.self)
        let mask = size &- 1
        var missed = 0
        if size > 32_768 {
            for i in words.indices {
                let position = Int(truncatingIfNeeded: Self.hash(words[i], seed: seed)) & mask
                lake_prefetch(pointer + position &* 2)
            }
        }
        for i in words.indices {
            let word = words[i]
            var position = Int(truncatingIfNeeded: Self.hash(word, seed: seed)) & mask
            while true {
                let id = lake_load_acquire(pointer + (position &* 2 &+ 1))
                if id == 0 {
                    ids[i] = KeyInterner.noID
                    misses[missed] = UInt32(truncatingIfNeeded: i)
                    missed &+= 1
                    break
                }
                if pointer[position &* 2] == word {
                    ids[i] = UInt32(truncatingIfNeeded: id &- 1)
                    break
                }
                position = (position &+ 1) & mask
            }
        }
        return missed
    }
}

extension Buffer {
    /// The first element, for atomics and prefetches that spans cannot express.
    @inline(__always)
    func pointer<T: BitwiseCopyable>(_ type: T.Type) -> UnsafeMutablePointer<T> {
        base.assumingMemoryBound(to: T.self)
    }

    /// Fills the first bytes with zeros.
    func zero(bytes: Int) {
        precondition(bytes <= capacityBytes)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
}
