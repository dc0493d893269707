import Columnar

/// What becomes of each row of a partition whose rows do not share one fate.
///
/// A hold's account, key and days and a rule's conditions are compared with rows in the encoding of
/// `RowKeys`, so that no row becomes text. Of the rules that are due for a row the furthest counts; a hold
/// beats them all. A column that the files do not have is NULL, which fulfils no condition.
struct RowVerdicts: Sendable {
    /// The only values of a column that a test lets pass.
    private struct Choice: Sendable {
        /// Position in the file's schema.
        var column: Int
        var values: [ContentHash: [UInt8]] = [:]
    }

    /// What a row must be like; nothing asked lets every row pass.
    private struct Test: Sendable {
        var choices: [Choice] = []
        /// Days since 1970 of the partition column.
        var days: ClosedRange<Int64>?
        /// It asks for a column or a value that no row has.
        var isNever = false

        mutating func add(_ choice: Choice?) {
            if let choice { choices.append(choice) } else { isNever = true }
        }
    }

    private let definition: TableDefinition
    private let schema: Schema
    private let common: RetentionRule.Action?
    private var holds: [Test] = []
    /// The furthest first.
    private var rules: [(test: Test, action: RetentionRule.Action)] = []
    /// Position of the partition column in the file's schema.
    private let dayColumn: Int?

    /// - schema: of the columns that `actions` is given, in their order; not all of them need be there.
    init(_ verdict: Lifecycle.Verdict, _ definition: TableDefinition, schema: Schema) {
        self.definition = definition
        self.schema = schema
        dayColumn = definition.partition.flatMap {
            schema.index(of: definition.columns[$0.column].name)
        }
        // A partition that is held as a whole has no rules.
        common = verdict.common?.action
        holds = verdict.rowHolds.map { test($0) }
        rules = verdict.conditional.map { (test($0.filter), $0.action) }
    }

    /// Positions of the columns that a test looks at, rising; the others may be of any content.
    var columns: [Int] {
        var positions: Set<Int> = []
        for test in holds + rules.map(\.test) {
            positions.formUnion(test.choices.map(\.column))
            if test.days != nil, let dayColumn { positions.insert(dayColumn) }
        }
        return positions.sorted()
    }

    /// What becomes of each row of a batch; nil: it stays.
    ///
    /// - columns: in the order of the schema, resolved where they are looked at.
    func actions(
        of columns: [Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> [RetentionRule.Action?] {
        try fates(of: columns, count: count, pool: pool).map { fate in
            switch fate {
            case .common: common
            case .rule(let index): rules[index].action
            case .held: nil
            }
        }
    }

    /// What decides about a row.
    enum Fate: Hashable, Sendable {
        /// The verdict's common rule, if it has one.
        case common
        /// Position in the verdict's `conditional`.
        case rule(Int)
        /// Position in the verdict's `rowHolds`.
        case held(Int)
    }

    /// What decides about each row of a batch.
    func fates(
        of columns: [Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> [Fate] {
        var fates = [Fate](repeating: .common, count: count)
        func settle(_ test: Test, _ fate: Fate) throws(ColumnarError) {
            guard let passes = try rows(test, columns, count: count, pool: pool) else { return }
            for row in 0..<count where passes[row] && fates[row] == .common { fates[row] = fate }
        }
        for (index, hold) in holds.enumerated() { try settle(hold, .held(index)) }
        for (index, rule) in rules.enumerated() { try settle(rule.test, .rule(index)) }
        return fates
    }
}

extension RowVerdicts {
    private func test(_ hold: Holds.Record) -> Test {
        var test = Test(days: Self.range(hold.firstDay, hold.lastDay))
        if let account = hold.account {
            test.add(choice(definition.settings.accountColumn, texts: [account]))
        }
        if let key = hold.key {
            let keys = definition.keyColumns
            test.add(choice(keys.count == 1 ? keys[0] : nil, texts: [key]))
        }
        return test
    }

    private func test(_ filter: RetentionRule.Filter) -> Test {
        var test = Test(days: Self.range(filter.firstDay, filter.lastDay))
        for condition in filter.conditions {
            test.add(choice(condition.column, condition.values))
        }
        return test
    }

    private func choice(_ column: Int?, texts: [String]) -> Choice? {
        guard let column else { return nil }
        let type = definition.columns[column].type
        return choice(column, texts.compactMap { ColumnLiteral.value(ofText: $0, type) })
    }

    /// nil if no row can pass.
    private func choice(_ column: Int, _ values: [Value]) -> Choice? {
        guard let position = schema.index(of: definition.columns[column].name) else { return nil }
        var choice = Choice(column: position)
        for value in values where !value.isNull {
            let bytes = RowBytes.encoded(value, schema.fields[position].type)
            // What the encoding does not know would pass for NULL.
            guard bytes.count > 1 else { continue }
            choice.values[bytes.withUnsafeBytes { ContentHash($0) }] = bytes
        }
        return choice.values.isEmpty ? nil : choice
    }

    private static func range(_ first: Int32?, _ last: Int32?) -> ClosedRange<Int64>? {
        guard first != nil || last != nil else { return nil }
        let low = first.map { Int64($0) } ?? .min
        let high = last.map { Int64($0) } ?? .max
        return low <= high ? low...high : nil
    }
}

extension RowVerdicts {
    /// Which rows pass a test; nil: none does.
    private func rows(
        _ test: Test, _ columns: [Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> [Bool]? {
        guard !test.isNever else { return nil }
        var passes = [Bool](repeating: true, count: count)
        for choice in test.choices {
            try Self.narrow(&passes, choice, columns[choice.column], pool)
        }
        if let days = test.days {
            guard let dayColumn else { return nil }
            Self.narrow(&passes, days, try columns[dayColumn].flattened(pool: pool))
        }
        return passes
    }

    private static func narrow(
        _ passes: inout [Bool], _ choice: Choice, _ column: Column, _ pool: BufferPool
    ) throws(ColumnarError) {
        guard case .coded(let coded) = column else {
            let flat = try column.flattened(pool: pool)
            match(choice, flat, &passes)
            return
        }
        // The last code is NULL.
        var entries = [Bool](repeating: true, count: coded.dictionary.count)
        match(choice, try coded.dictionary.entries.flattened(pool: pool), &entries)
        entries.append(false)
        let codes = coded.codeSpan()
        for row in passes.indices where !entries[Int(codes[row])] { passes[row] = false }
    }

    private static func match(_ choice: Choice, _ column: Column, _ passes: inout [Bool]) {
        var bytes: [UInt8] = []
        for row in passes.indices where passes[row] {
            bytes.removeAll(keepingCapacity: true)
            RowKeys.append(column, row, to: &bytes)
            let hash = bytes.withUnsafeBytes { ContentHash($0) }
            passes[row] = choice.values[hash].map { $0 == bytes } ?? false
        }
    }

    /// Dates are days, timestamps microseconds; NULL is no day.
    private static func narrow(
        _ passes: inout [Bool], _ days: ClosedRange<Int64>, _ column: Column
    ) {
        guard case .flat(let flat) = column else { return }
        for row in passes.indices where passes[row] {
            guard flat.validity?[row] ?? true else {
                passes[row] = false
                continue
            }
            let day =
                flat.storage == .int32
                ? Int64(flat.values(as: Int32.self)[row])
                : CivilTime.floorDays(micros: flat.values(as: Int64.self)[row])
            passes[row] = days.contains(day)
        }
    }
}

extension ColumnLiteral {
    /// The value of a text that somebody types to name a row; nil when the type does not hold it.
    static func value(ofText text: String, _ type: DataType) -> Value? {
        switch type {
        case .bigint: return Int64(text).map { .int($0) }
        case .integer: return Int32(text).map { .int(Int64($0)) }
        case .boolean: return ["true": true, "false": false][text].map { .boolean($0) }
        case .varchar(let length):
            return text.unicodeScalars.count <= length ?? .max ? .text(text) : nil
        case .timestamp: return micros(text, .iso8601).map { .int($0) }
        case .date:
            return micros(text, .iso8601).map { .int(CivilTime.floorDays(micros: $0)) }
        default: return nil
        }
    }
}
