import Columnar
import Query
import Synchronization

/// A hash of each column's values in order, to compare what was written with what is read back.
struct ValueDigest: Sendable {
    /// What of a value counts.
    enum Grain: Sendable {
        /// The value itself; of an instant with a zone, the instant.
        case values
        /// The text that a delimited file has for it.
        case cells
        /// Only that there is a row.
        case rows
    }

    private let grain: Grain
    private(set) var rowCount = 0
    private var hashers: [Hasher] = []

    init(_ grain: Grain) {
        self.grain = grain
    }

    mutating func add(_ batch: Batch, _ columns: [OutputColumn]) throws(ColumnarError) {
        if hashers.isEmpty { hashers = columns.map { _ in Hasher() } }
        guard grain != .rows else {
            rowCount += batch.selectedCount
            return
        }
        try ResultRows(batch, columns).forEach { (values) throws(ColumnarError) in
            for (index, value) in values.enumerated() {
                if grain == .cells {
                    let text = DelimitedPrinter.cell(value, columns[index].type)
                    hashers[index].combine(text)
                } else {
                    hashers[index].combine(Self.comparable(value, columns[index].type))
                }
            }
            rowCount += 1
        }
    }

    /// Zones are for display, and Parquet keeps none; so it is inside of nested values.
    private static func comparable(_ value: Value, _ type: DataType) -> Value {
        switch (value, type) {
        case (.int128(let bits), .timestampTZ): return .int(ZonedTime(bits: bits).micros)
        case (.list(let items), .array(let element)):
            return .list(items.map { comparable($0, element) })
        case (.row(let items), .row(let fields)):
            return .row(zip(items, fields).map { comparable($0, $1.type) })
        case (.map(let keys, let values), .map(let keyType, let valueType)):
            return .map(
                keys.map { comparable($0, keyType) }, values.map { comparable($0, valueType) })
        default: return value
        }
    }

    /// What differs, in words; nil: nothing does.
    func difference(from other: ValueDigest, _ columns: [OutputColumn]) -> String? {
        guard rowCount == other.rowCount else {
            return "it has \(Amount.count(other.rowCount, "row")), "
                + "\(Amount.count(rowCount)) were written"
        }
        for (index, pair) in zip(hashers, other.hashers).enumerated()
        where pair.0.finalize() != pair.1.finalize() {
            return "column \(columns[index].name) reads back with other values"
        }
        return nil
    }
}

/// A sink that digests what another sink takes, or what nobody takes.
final class DigestSink: ResultSink {
    private let inner: (any ResultSink)?
    private let columns = Mutex<[OutputColumn]>([])
    private let held: Mutex<ValueDigest>

    init(_ inner: (any ResultSink)?, _ grain: ValueDigest.Grain) {
        self.inner = inner
        held = Mutex(ValueDigest(grain))
    }

    var digest: ValueDigest { held.withLock { $0 } }

    func begin(_ columns: [OutputColumn]) throws(ColumnarError) {
        self.columns.withLock { $0 = columns }
        try inner?.begin(columns)
    }

    func write(_ batch: Batch) throws(ColumnarError) {
        let columns = columns.withLock { $0 }
        try held.withLock { (digest) throws(ColumnarError) in try digest.add(batch, columns) }
        try inner?.write(batch)
    }

    func finish() throws(ColumnarError) -> Int? {
        try inner?.finish()
    }
}
