import CKernels
import Columnar
import Synchronization

/// Where the bytes of one key lie, with its hash once computed.
struct ByteView: BitwiseCopyable, Sendable {
    var address: UInt
    var length: UInt32
    var hash: UInt32

    @inline(__always)
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: Int(length))
    }
}

/// Byte strings to dense ids, shared by all workers; ids start at 1, 0 is the column's NULL.
///
/// Slots are `hash << 32 | id` and 0 when empty; keys lie in an arena whose blocks never move. See
/// `WordInterner` for how slots are published.
final class BytesInterner: Sendable {
    private let pool: BufferPool
    private let state: Mutex<State>
    /// Entries by id in blocks of doubling size; a block's address is written before any of its ids is published.
    private let directory: Buffer
    private static let firstBlockBits = 10

    private struct State: Sendable {
        var table: BytesTable
        var arena: ByteArena
        var blocks: [Buffer] = []
        var count = 0
    }

    init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        directory = try pool.allocate(UInt.self, count: 32)
        directory.zero(bytes: 32 * 8)
        state = Mutex(
            State(
                table: try BytesTable(capacity: 16, seed: 0, pool: pool),
                arena: ByteArena(pool: pool)))
    }

    var idLimit: Int { state.withLock { $0.count } + 1 }

    var table: BytesTable { state.withLock { $0.table } }

    /// The key of a published id, 1 or more.
    @inline(__always)
    func view(_ id: UInt32) -> ByteView {
        entry(id).pointee
    }

    @inline(__always)
    private func entry(_ id: UInt32) -> UnsafeMutablePointer<ByteView> {
        let number = Int(id) &- 1 &+ 1 << Self.firstBlockBits
        let bits = Int.bitWidth &- 1 &- number.leadingZeroBitCount
        let block = directory.pointer(UInt.self)[bits &- Self.firstBlockBits]
        let start = UnsafeMutablePointer<ByteView>(bitPattern: block)
        return start.unsafelyUnwrapped + (number &- 1 << bits)
    }

    /// Looks all views up; as `WordTable.lookup`.
    func lookup(
        _ views: Span<ByteView>, in table: BytesTable, ids: inout MutableSpan<UInt32>,
        misses: inout MutableSpan<UInt32>
    ) -> Int {
        let pointer = table.slots.pointer(UInt64.self)
        let mask = table.mask
        var missed = 0
        if mask >= 65_536 {
            for i in views.indices { lake_prefetch(pointer + Int(views[i].hash) & mask) }
        }
        for i in views.indices {
            let view = views[i]
            var position = Int(view.hash) & mask
            while true {
                let slot = lake_load_acquire(pointer + position)
                if slot == 0 {
                    ids[i] = KeyInterner.noID
                    misses[missed] = UInt32(truncatingIfNeeded: i)
                    missed &+= 1
                    break
                }
                if UInt32(truncatingIfNeeded: slot >> 32) == view.hash {
                    let id = UInt32(truncatingIfNeeded: slot)
                    if ByteKey.equal(self.view(id), view) {
                        ids[i] = id
                        break
                    }
                }
                position = (position &+ 1) & mask
            }
        }
        return missed
    }

    /// Gives ids to the missing views and returns the newest table.
    func insert(
        _ views: Buffer, misses: Buffer, count: Int, ids: Buffer, hashedWith seed: UInt64
    ) throws(QueryError) -> BytesTable {
        var failure: QueryError?
        let newest = state.withLock { state in
            let views = views.pointer(ByteView.self)
            let misses = misses.pointer(UInt32.self)
            let ids = ids.pointer(UInt32.self)
            do throws(QueryError) {
                for i in 0..<count {
                    let miss = Int(misses[i])
                    var view = views[miss]
                    if state.table.seed != seed {
                        view.hash = ByteKey.hash(view.bytes, seed: state.table.seed)
                    }
                    ids[miss] = try insertOne(view, &state)
                }
            } catch {
                failure = error
            }
            return state.table
        }
        if let failure { throw failure }
        return newest
    }

    private func insertOne(_ key: ByteView, _ state: inout State) throws(QueryError) -> UInt32 {
        var key = key
        while true {
            let mask = state.table.mask
            let pointer = state.table.slots.pointer(UInt64.self)
            var position = Int(key.hash) & mask
            var steps = 0
            while pointer[position] != 0 {
                let slot = pointer[position]
                if UInt32(truncatingIfNeeded: slot >> 32) == key.hash,
                    ByteKey.equal(view(UInt32(truncatingIfNeeded: slot)), key)
                {
                    return UInt32(truncatingIfNeeded: slot)
                }
                position = (position &+ 1) & mask
                steps &+= 1
            }
            let isFull = (state.count + 1) * 2 > mask + 1
            if !isFull && (steps <= WordTable.longChain || state.table.seed > 3) {
                return try add(key, at: position, &state)
            }
            try grow(&state, isHostile: !isFull)
            key.hash = ByteKey.hash(key.bytes, seed: state.table.seed)
        }
    }

    private func add(
        _ key: ByteView, at position: Int, _ state: inout State
    ) throws(QueryError) -> UInt32 {
        guard state.count < Int(KeyInterner.noID) - 2 else {
            throw QueryError(.exceededMemoryLimit, "Too many distinct keys")
        }
        let id = UInt32(state.count + 1)
        var stored = key
        do throws(ColumnarError) {
            stored.address = try state.arena.store(key.bytes)
            let number = state.count + 1 << Self.firstBlockBits
            if number == 1 << (Self.firstBlockBits + state.blocks.count) {
                let block = try pool.allocate(ByteView.self, count: number)
                directory.pointer(UInt.self)[state.blocks.count] = UInt(bitPattern: block.base)
                state.blocks.append(block)
            }
        } catch {
            throw QueryError(error)
        }
        entry(id).pointee = stored
        state.count += 1
        lake_store_release(
            state.table.slots.pointer(UInt64.self) + position, UInt64(key.hash) << 32 | UInt64(id))
        return id
    }

    private func grow(_ state: inout State, isHostile: Bool) throws(QueryError) {
        let seed = state.table.seed + (isHostile ? 1 : 0)
        let table: BytesTable
        do throws(ColumnarError) {
            table = try BytesTable(capacity: (state.table.mask + 1) * 4, seed: seed, pool: pool)
        } catch {
            throw QueryError(error)
        }
        let pointer = table.slots.pointer(UInt64.self)
        for number in 0..<state.count {
            let id = UInt32(number + 1)
            var hash = view(id).hash
            if isHostile {
                hash = ByteKey.hash(view(id).bytes, seed: seed)
                entry(id).pointee.hash = hash
            }
            var position = Int(hash) & table.mask
            while pointer[position] != 0 { position = (position + 1) & table.mask }
            pointer[position] = UInt64(hash) << 32 | UInt64(id)
        }
        state.table = table
    }
}

/// One published generation of the slots.
final class BytesTable: Sendable {
    let slots: Buffer
    let mask: Int
    let seed: UInt64

    init(capacity: Int, seed: UInt64, pool: BufferPool) throws(ColumnarError) {
        slots = try pool.allocate(UInt64.self, count: capacity)
        slots.zero(bytes: capacity * 8)
        mask = capacity - 1
        self.seed = seed
    }
}

/// Bytes that never move, in blocks of the pool.
struct ByteArena: Sendable {
    private var blocks: [Buffer] = []
    private var used = 0
    private let pool: BufferPool

    init(pool: BufferPool) {
        self.pool = pool
    }

    /// Copies bytes in and returns their address; 8 bytes behind them are readable.
    mutating func store(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) -> UInt {
        let room = bytes.count
        if blocks.isEmpty || used + room > blocks[blocks.count - 1].capacityBytes {
            let size = blocks.isEmpty ? 4_000 : min(1 << 20, 8_000 << min(blocks.count, 7)) - 64
            blocks.append(try pool.allocate(bytes: max(room, size)))
            used = 0
        }
        let target = blocks[blocks.count - 1].base + used
        if let base = bytes.baseAddress, room > 0 {
            target.copyMemory(from: base, byteCount: room)
        }
        used += room
        return UInt(bitPattern: target)
    }
}
