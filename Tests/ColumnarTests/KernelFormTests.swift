import Columnar
import Testing

/// Flatten, gather, slice and concat against boxed values, for every type and every form.
@Suite struct KernelFormTests {
    static let types: [DataType] = [
        .boolean, .integer, .bigint, .decimal(precision: 30, scale: 2), .real, .double, .text,
        .array(.bigint),
        .row([RowField(name: "a", type: .bigint), RowField(name: "b", type: .text)]),
        .map(key: .text, value: .double),
    ]

    /// 150 rows: repeated in runs of three, every seventh run NULL.
    static func values(_ type: DataType, count: Int = 150) -> [Value] {
        (0..<count).map { row in
            let i = row / 3
            return i % 7 == 3 ? .null : value(i % 11, type)
        }
    }

    static func value(_ i: Int, _ type: DataType) -> Value {
        switch type {
        case .boolean: return .boolean(i % 2 == 0)
        case .integer, .bigint: return .int(Int64(i) - 5)
        case .decimal: return .int128(Int128(i) << 70)
        case .real: return .float(Float(i) / 2)
        case .double: return .double(Double(i) / 4)
        case .varchar: return .text(String(repeating: "é", count: i))
        case .array(let element): return .list((0..<(i % 4)).map { value($0 + i, element) })
        case .row(let fields): return .row(fields.map { value(i, $0.type) })
        case .map(let key, let item):
            return .map([value(i, key)], [i % 2 == 0 ? .null : value(i, item)])
        default: return .null
        }
    }

    @Test(arguments: types)
    func everyFormReadsTheSame(type: DataType) throws {
        let pool = BufferPool()
        let values = Self.values(type)
        for column in try TestForms.all(values, type: type, pool: pool) {
            #expect(try boxes(column, type) == values)
            let flat = try column.flattened(pool: pool)
            switch flat {
            case .bits, .flat, .text, .list, .row: break
            default: Issue.record("not flat")
            }
            #expect(try boxes(flat, type) == values)
            let valid = try column.validity(pool: pool)
            #expect(values.indices.allSatisfy { (valid?[$0] ?? true) == !values[$0].isNull })
        }
    }

    @Test(arguments: types)
    func gatherTakesRowsAndNulls(type: DataType) throws {
        let pool = BufferPool()
        let values = Self.values(type)
        let index: [UInt32] = (0..<200).map { i in
            i % 9 == 4 ? Column.nullRow : UInt32(i * 37 % values.count)
        }
        let expected = index.map { $0 == Column.nullRow ? Value.null : values[Int($0)] }
        let plain = index.filter { $0 != Column.nullRow }
        for column in try TestForms.all(values, type: type, pool: pool) {
            #expect(try boxes(column.gathered(at: index.span, pool: pool), type) == expected)
            #expect(
                try boxes(column.gathered(at: plain.span, pool: pool), type)
                    == plain.map { values[Int($0)] })
        }
    }

    @Test(arguments: types)
    func sliceAndConcatAreInverse(type: DataType) throws {
        let pool = BufferPool()
        let values = Self.values(type)
        for column in try TestForms.all(values, type: type, pool: pool) {
            var parts: [Column] = []
            var start = 0
            for count in [0, 1, 63, 64, 7, 15] {
                let part = try column.sliced(start: start, count: count, pool: pool)
                #expect(try boxes(part, type) == Array(values[start..<(start + count)]))
                parts.append(part)
                start += count
            }
            #expect(try boxes(Column.concatenated(parts, pool: pool), type) == values)
        }
    }

    @Test func selectionsNarrowAndConvert() throws {
        let pool = BufferPool()
        func bitmap(_ rows: Set<Int>, _ count: Int) throws -> Bitmap {
            let result = try Bitmap.filled(false, count: count, pool: pool)
            for row in rows { result.set(row, to: true) }
            return result
        }
        let third = Set((0..<200).filter { $0 % 3 == 0 })
        let most = Set((0..<200).filter { $0 % 5 != 0 })
        let pairs: [(Set<Int>, Set<Int>)] = [
            (third, most), (most, third), (most, most), (third, []),
        ]
        for (first, second) in pairs {
            let narrow = try Selection.of(bitmap(first, 200), pool: pool)
                .narrowed(by: bitmap(second, 200), count: 200, pool: pool)
            let rows = try narrow.rowList(count: 200, pool: pool)
            let listed = (0..<rows.count).map { Int(rows.span()[$0]) }
            #expect(listed == first.intersection(second).sorted())
            let (wide, count) = try narrow.rowIndices(count: 200, pool: pool)
            #expect(
                (0..<count).map { Int(wide.span(of: UInt32.self, count: count)[$0]) } == listed)
            let back = try narrow.bitmap(count: 200, pool: pool)
            #expect((0..<200).filter { back[$0] } == listed)
        }
    }

    private func boxes(_ column: Column, _ type: DataType) throws -> [Value] {
        try (0..<column.count).map { try column.value(at: $0, type: type) }
    }
}

/// One list of values as a column in every form that can hold it.
enum TestForms {
    static func all(_ values: [Value], type: DataType, pool: BufferPool) throws -> [Column] {
        let flat = try Column.from(values, type: type, pool: pool)
        return [flat, try coded(values, type, pool), try runs(values, type, pool), lazy(flat)]
    }

    static func coded(_ values: [Value], _ type: DataType, _ pool: BufferPool) throws -> Column {
        var entries: [Value] = []
        var position: [Value: Int] = [:]
        for value in values where !value.isNull && position[value] == nil {
            position[value] = entries.count
            entries.append(value)
        }
        var codes = try GrowingBuffer<UInt32>(pool: pool)
        for value in values { try codes.append(UInt32(position[value] ?? entries.count)) }
        let dictionary = ColumnDictionary(
            entries: try Column.from(entries, type: type, pool: pool))
        return .coded(
            CodedColumn(
                codes: codes.buffer, count: values.count, dictionary: dictionary,
                mayHaveNulls: true))
    }

    static func runs(_ values: [Value], _ type: DataType, _ pool: BufferPool) throws -> Column {
        var kept: [Value] = []
        var ends = try GrowingBuffer<UInt32>(pool: pool)
        for (row, value) in values.enumerated() {
            if row + 1 == values.count || values[row + 1] != value {
                kept.append(value)
                try ends.append(UInt32(row + 1))
            }
        }
        return .runs(
            RunsColumn(
                ends: ends.buffer, runCount: kept.count,
                values: try Column.from(kept, type: type, pool: pool), count: values.count))
    }

    static func lazy(_ column: Column) -> Column {
        struct Held: ColumnLoader {
            let column: Column
            func load(count: Int, selection: Selection) throws(ColumnarError) -> Column { column }
        }
        return .lazy(LazyColumn(count: column.count, loader: Held(column: column)))
    }
}
