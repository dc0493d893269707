import Columnar
import Testing

/// Comparison, IN and arithmetic against boxed values.
@Suite struct KernelCompareTests {
    let pool = BufferPool()

    static let operations: [ScanComparison] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]

    func expected(_ op: ScanComparison, _ a: Value, _ b: Value, _ type: DataType) -> Value {
        if a.isNull || b.isNull { return .null }
        guard let order = ValueOrder.compare(a, b, type) else { return .null }
        switch op {
        case .equal: return .boolean(order == 0)
        case .notEqual: return .boolean(order != 0)
        case .less: return .boolean(order < 0)
        case .lessOrEqual: return .boolean(order <= 0)
        case .greater: return .boolean(order > 0)
        case .greaterOrEqual: return .boolean(order >= 0)
        }
    }

    @Test(arguments: [
        DataType.boolean, .integer, .bigint, .decimal(precision: 30, scale: 2), .real, .double,
        .text,
    ])
    func comparisonsAgreeWithBoxedValues(type: DataType) throws {
        let a = KernelFormTests.values(type)
        let b = Array(a.dropFirst(40) + a.prefix(40))
        for x in try TestForms.all(a, type: type, pool: pool) {
            for y in try TestForms.all(b, type: type, pool: pool) {
                for op in Self.operations {
                    let result = try Compare.columns(op, x, y, type: type, pool: pool)
                    for row in a.indices {
                        #expect(
                            try result.value(at: row, type: .boolean)
                                == expected(op, a[row], b[row], type))
                    }
                }
                let distinct = try Compare.distinct(x, y, type: type, pool: pool)
                for row in a.indices {
                    #expect(
                        try distinct.value(at: row, type: .boolean)
                            == .boolean(!ValueOrder.isSame(a[row], b[row])))
                }
            }
            let one = try Column.from([a[4]], type: type, pool: pool)
            let constant = Column.constant(ConstantColumn(one, count: a.count))
            for op in Self.operations {
                let right = try Compare.columns(op, x, constant, type: type, pool: pool)
                let left = try Compare.columns(op, constant, x, type: type, pool: pool)
                for row in a.indices {
                    #expect(
                        try right.value(at: row, type: .boolean)
                            == expected(op, a[row], a[4], type))
                    #expect(
                        try left.value(at: row, type: .boolean)
                            == expected(op, a[4], a[row], type))
                }
            }
        }
    }

    /// Lengths around the two 8-byte loads of text equality.
    @Test func textEqualityAtEveryLength() throws {
        let texts = (0...40).flatMap { length in
            let base = String(repeating: "x", count: length)
            return [base, String(base.dropLast()) + "y", "y" + base.dropFirst()]
        }
        let column = try Column.from(texts.map { .text($0) }, type: .text, pool: pool)
        for text in texts {
            let one = try Column.from([.text(text)], type: .text, pool: pool)
            let constant = Column.constant(ConstantColumn(one, count: texts.count))
            let equal = try Compare.columns(.equal, column, constant, type: .text, pool: pool)
            for row in texts.indices {
                #expect(
                    try equal.value(at: row, type: .boolean) == .boolean(texts[row] == text))
            }
        }
    }

    @Test(arguments: [DataType.integer, .bigint, .double, .text, .boolean])
    func membersAreFoundInEveryForm(type: DataType) throws {
        let values = KernelFormTests.values(type)
        for count in [1, 3, 9] {
            let wanted = (0..<count).map { KernelFormTests.value($0 * 2, type) }
            for hasNull in [false, true] {
                let members = try (wanted + (hasNull ? [.null] : [])).map {
                    try Column.from([$0], type: type, pool: pool)
                }
                let set = try InSet(members, type: type, pool: pool)
                for column in try TestForms.all(values, type: type, pool: pool) {
                    let found = try set.contains(column, pool: pool)
                    for row in values.indices {
                        let hit = wanted.contains(values[row])
                        let expected: Value =
                            values[row].isNull || !hit && hasNull ? .null : .boolean(hit)
                        #expect(try found.value(at: row, type: .boolean) == expected)
                    }
                }
            }
        }
    }

    /// Quotients and remainders worked out with Python's decimal module.
    @Test func decimalsDivideHalfUpInAnyWidth() throws {
        let wide = DataType.decimal(precision: 38, scale: 4)
        let cases: [(Int128, Int128, quotient: Int128, remainder: Int128)] = [
            (10_000, 30_000, 3_333, 10_000),
            (20_000, 30_000, 6_667, 20_000),
            (-20_000, 30_000, -6_667, -20_000),
            (10_000, -20_000, -5_000, 10_000),
            (1, 20_000, 1, 1),
            (1, 20_001, 0, 1),
            (
                123_456_789_012_345_678_901_234_567_890, 70_000,
                17_636_684_144_620_811_271_604_938_270, 57_890
            ),
        ]
        let a = try Column.from(cases.map { .int128($0.0) }, type: wide, pool: pool)
        let b = try Column.from(cases.map { .int128($0.1) }, type: wide, pool: pool)
        let divided = try DecimalArithmetic.columns(
            .divide, a, b, types: (wide, wide), result: wide, pool: pool)
        let rest = try DecimalArithmetic.columns(
            .modulus, a, b, types: (wide, wide), result: wide, pool: pool)
        #expect(divided.failures.isEmpty && rest.failures.isEmpty)
        for (row, one) in cases.enumerated() {
            #expect(try divided.column.value(at: row, type: wide) == .int128(one.quotient))
            #expect(try rest.column.value(at: row, type: wide) == .int128(one.remainder))
        }
    }

    @Test func arithmeticFailsPerSelectedRow() throws {
        let a = try Column.from(
            [.int(.max), .int(1), .null, .int(.min)], type: .bigint, pool: pool)
        let b = try Column.from([.int(1), .int(0), .int(0), .int(-1)], type: .bigint, pool: pool)
        let all = try Arithmetic.columns(.divide, a, b, type: .bigint, pool: pool)
        #expect(all.failures.map(\.row) == [1, 3])
        #expect(all.failures.map(\.kind) == [.divisionByZero, .overflow])
        #expect(try all.column.value(at: 1, type: .bigint) == .null)
        #expect(try all.column.value(at: 0, type: .bigint) == .int(.max))
        let bits = try Bitmap.filled(false, count: 4, pool: pool)
        bits.set(0, to: true)
        let some = try Arithmetic.columns(
            .divide, a, b, type: .bigint, selection: .bits(bits), pool: pool)
        #expect(some.failures.isEmpty)
        let sum = try Arithmetic.columns(.add, a, b, type: .bigint, pool: pool)
        #expect(sum.failures.map(\.row) == [0, 3])
    }
}
