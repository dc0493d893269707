import Columnar

/// A Swift type that a row function returns.
protocol RowResult {
    associatedtype Output: RowOutput where Output.Value == Self
}

/// Collects the results of a row function.
protocol RowOutput {
    associatedtype Value
    init(type: DataType, pool: BufferPool, capacity: Int) throws(QueryError)
    mutating func append(_ value: Value) throws(QueryError)
    mutating func appendNull() throws(QueryError)
    consuming func finish() throws(QueryError) -> Column
}

/// Integers, written as wide as the type is stored.
struct IntOutput: RowOutput {
    private var wide: FlatBuilder<Int64>
    private var narrow: FlatBuilder<Int32>
    private let isWide: Bool

    init(type: DataType, pool: BufferPool, capacity: Int) throws(QueryError) {
        isWide = type.storage == .int64
        let isWide = isWide
        wide = try storage { () throws(ColumnarError) in
            try FlatBuilder(storage: .int64, pool: pool, capacity: isWide ? capacity : 1)
        }
        narrow = try storage { () throws(ColumnarError) in
            try FlatBuilder(storage: .int32, pool: pool, capacity: isWide ? 1 : capacity)
        }
    }

    mutating func append(_ value: Int64) throws(QueryError) {
        do {
            if isWide {
                try wide.append(value)
            } else {
                try narrow.append(Int32(truncatingIfNeeded: value))
            }
        } catch { throw QueryError(error) }
    }

    mutating func appendNull() throws(QueryError) {
        do {
            if isWide { try wide.appendNull() } else { try narrow.appendNull() }
        } catch { throw QueryError(error) }
    }

    consuming func finish() throws(QueryError) -> Column {
        do {
            return try isWide ? wide.finish() : narrow.finish()
        } catch { throw QueryError(error) }
    }
}

/// Decimals and zoned instants, narrowed to 64 bits where the type is stored so.
struct WideOutput: RowOutput {
    private var wide: FlatBuilder<Int128>
    private var narrow: FlatBuilder<Int64>
    private let isWide: Bool

    init(type: DataType, pool: BufferPool, capacity: Int) throws(QueryError) {
        isWide = type.storage == .int128
        let isWide = isWide
        wide = try storage { () throws(ColumnarError) in
            try FlatBuilder(storage: .int128, pool: pool, capacity: isWide ? capacity : 1)
        }
        narrow = try storage { () throws(ColumnarError) in
            try FlatBuilder(storage: .int64, pool: pool, capacity: isWide ? 1 : capacity)
        }
    }

    mutating func append(_ value: Int128) throws(QueryError) {
        do {
            if isWide {
                try wide.append(value)
            } else {
                try narrow.append(Int64(truncatingIfNeeded: value))
            }
        } catch { throw QueryError(error) }
    }

    mutating func appendNull() throws(QueryError) {
        do {
            if isWide { try wide.appendNull() } else { try narrow.appendNull() }
        } catch { throw QueryError(error) }
    }

    consuming func finish() throws(QueryError) -> Column {
        do {
            return try isWide ? wide.finish() : narrow.finish()
        } catch { throw QueryError(error) }
    }
}

/// Floating-point numbers.
struct FloatOutput<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>: RowOutput {
    private var builder: FlatBuilder<Value>

    init(type: DataType, pool: BufferPool, capacity: Int) throws(QueryError) {
        builder = try storage { () throws(ColumnarError) in
            try FlatBuilder(storage: type.storage, pool: pool, capacity: capacity)
        }
    }

    mutating func append(_ value: Value) throws(QueryError) {
        do { try builder.append(value) } catch { throw QueryError(error) }
    }

    mutating func appendNull() throws(QueryError) {
        do { try builder.appendNull() } catch { throw QueryError(error) }
    }

    consuming func finish() throws(QueryError) -> Column {
        do { return try builder.finish() } catch { throw QueryError(error) }
    }
}

/// Booleans.
struct BitOutput: RowOutput {
    private var builder: BitBuilder

    init(type: DataType, pool: BufferPool, capacity: Int) throws(QueryError) {
        builder = BitBuilder(pool: pool)
    }

    mutating func append(_ value: Bool) throws(QueryError) { builder.append(value) }

    mutating func appendNull() throws(QueryError) { builder.appendNull() }

    consuming func finish() throws(QueryError) -> Column {
        do { return try builder.finish() } catch { throw QueryError(error) }
    }
}

/// Slices of an owner that exists already: for functions whose result is a part of their argument.
struct SliceOutput {
    private var slices: GrowingBuffer<TextSlice>
    private var validity = ValidityBuilder()
    private let pool: BufferPool

    init(pool: BufferPool, capacity: Int) throws(QueryError) {
        self.pool = pool
        slices = try storage { () throws(ColumnarError) in
            try GrowingBuffer(pool: pool, capacity: capacity)
        }
    }

    mutating func append(_ slice: TextSlice?) throws(QueryError) {
        do {
            try slices.append(slice ?? TextSlice(start: 0, length: 0))
        } catch { throw QueryError(error) }
        validity.append(slice != nil)
    }

    consuming func finish(owner: Buffer) throws(QueryError) -> Column {
        do {
            return .text(
                TextColumn(
                    slices: slices.buffer, count: slices.count, owner: owner,
                    validity: try validity.finish(pool: pool)))
        } catch { throw QueryError(error) }
    }
}

extension Int64: RowResult { typealias Output = IntOutput }
extension Int128: RowResult { typealias Output = WideOutput }
extension Double: RowResult { typealias Output = FloatOutput<Double> }
extension Float: RowResult { typealias Output = FloatOutput<Float> }
extension Bool: RowResult { typealias Output = BitOutput }
