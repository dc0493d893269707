import Columnar
import Testing

import Lake

@Suite struct IcebergBoundTests {
    private static func hex(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return "none" }
        return bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    @Test func valuesHaveTheSpecsBytes() {
        func check(_ value: Value, _ type: DataType, _ expected: String) {
            let bytes = SingleValue.encode(value, as: type)
            #expect(Self.hex(bytes) == expected, "\(value) as \(type)")
            if let bytes { #expect(SingleValue.decode(bytes[...], as: type) == value) }
        }
        check(.boolean(true), .boolean, "01")
        check(.int(-2), .integer, "feffffff")
        check(.int(20455), .date, "e74f0000")
        check(.int(100), .bigint, "6400000000000000")
        check(.int(1), .timestamp(precision: 6), "0100000000000000")
        check(
            .int128(ZonedTime(micros: -1).bits), .timestampTZ(precision: 6), "ffffffffffffffff")
        check(.double(1), .double, "000000000000f03f")
        check(.float(-0.0), .real, "00000080")
        check(.double(.nan), .double, "none")
        check(.text("é"), .text, "c3a9")
        check(.binary([1, 255]), .varbinary, "01ff")
        // Fewest bytes that keep the sign: 128 needs two.
        check(.int(127), .decimal(precision: 9, scale: 2), "7f")
        check(.int(128), .decimal(precision: 9, scale: 2), "0080")
        check(.int(-128), .decimal(precision: 9, scale: 2), "80")
        check(.int(-129), .decimal(precision: 9, scale: 2), "ff7f")
        check(.int(0), .decimal(precision: 9, scale: 2), "00")
        check(
            .int128(1 << 100), .decimal(precision: 38, scale: 0),
            "10" + String(repeating: "00", count: 12))
        check(.int128(Int128.min), .uuid, String(repeating: "00", count: 16))
        check(.null, .bigint, "none")
        check(.int(1 << 40), .integer, "none")
    }

    @Test func boundsFromBeforeAPromotionAreRead() {
        #expect(SingleValue.decode([0xFE, 0xFF, 0xFF, 0xFF], as: .bigint) == .int(-2))
        #expect(SingleValue.decode([0, 0, 0x80, 0x3F], as: .double) == .double(1))
        #expect(SingleValue.decode([1, 2, 3], as: .bigint) == nil)
        #expect(SingleValue.decode([0xFF], as: .text) == nil)
    }

    @Test func longBoundsAreCutOnCodePoints() {
        func check(_ text: String, _ lower: String, _ upper: String?) {
            let bytes = Array(text.utf8)
            let cutLower = BoundTruncation.lower(bytes, type: .text)
            let cutUpper = BoundTruncation.upper(bytes, type: .text)
            #expect(cutLower.map { String(decoding: $0, as: UTF8.self) } == lower)
            #expect(cutUpper.map { String(decoding: $0, as: UTF8.self) } == upper)
        }
        check("short", "short", "short")
        check("exactly sixteen!", "exactly sixteen!", "exactly sixteen!")
        check("é long caption by me", "é long caption b", "é long caption c")
        let sixteen = String(repeating: "🙂", count: 16)
        check(sixteen + "x", sixteen, String(repeating: "🙂", count: 15) + "🙃")
        // The code point behind U+D7FF is U+E000; behind U+10FFFF there is none, so the one before grows.
        check(
            String(repeating: "a", count: 15) + "\u{D7FF}b",
            String(repeating: "a", count: 15) + "\u{D7FF}",
            String(repeating: "a", count: 15) + "\u{E000}")
        check(
            "a" + String(repeating: "\u{10FFFF}", count: 20),
            "a" + String(repeating: "\u{10FFFF}", count: 15), "b")
        check(
            String(repeating: "\u{10FFFF}", count: 20),
            String(repeating: "\u{10FFFF}", count: 16), nil)
        #expect(
            BoundTruncation.upper([UInt8](repeating: 0xFF, count: 17), type: .varbinary) == nil)
        #expect(BoundTruncation.lower([0xC3], type: .text) == nil)
    }

    @Test func transformsRoundTowardsThePast() {
        let timestamp = DataType.timestamp(precision: 6)
        func check(_ transform: IcebergTransform, _ micros: Int64, _ expected: Int64) {
            #expect(transform.apply(.int(micros), of: timestamp) == .int(expected))
            let zoned = Value.int128(ZonedTime(micros: micros).bits)
            let type = DataType.timestampTZ(precision: 6)
            #expect(transform.apply(zoned, of: type) == .int(expected))
        }
        check(.day, 0, 0)
        check(.day, -1, -1)
        check(.hour, -1, -1)
        check(.hour, 3_600_000_000, 1)
        check(.month, -1, -1)
        check(.month, 31 * CivilTime.microsPerDay, 1)
        check(.year, -1, -1)
        check(.day, 1_767_312_000_000_000, 20455)
        #expect(IcebergTransform.month.apply(.int(-1), of: .date) == .int(-1))
        #expect(IcebergTransform.day.apply(.null, of: timestamp) == .null)
        #expect(IcebergTransform.bucket(count: 4).apply(.int(1), of: .bigint) == nil)
        for name in ["day", "bucket[16]", "truncate[3]", "void", "shuffle"] {
            #expect(IcebergTransform(name).name == name)
        }
    }

    @Test func partitionFoldersAreReadable() {
        let field = Field(name: "ts", type: .timestamp(precision: 6), id: 1)
        func check(_ transform: IcebergTransform, _ value: Value, _ expected: String) {
            let spec = PartitionSpec.single(transform, of: field)
            #expect(spec.folderName(of: [value], in: Schema([field])) == expected)
        }
        check(.day, .int(20455), "ts_day=2026-01-02")
        check(.day, .int(-1), "ts_day=1969-12-31")
        check(.month, .int(-1), "ts_month=1969-12")
        check(.month, .int(672), "ts_month=2026-01")
        check(.hour, .int(-1), "ts_hour=1969-12-31-23")
        check(.day, .null, "ts_day=null")
    }

    /// Random files over random values: a file with a row that satisfies the predicate is never left out.
    @Test(arguments: [UInt64](1...40))
    func pruningNeverLosesARow(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let types: [DataType] = [
            .timestamp(precision: 6), .bigint, .text, .double, .timestampTZ(precision: 6),
        ]
        let fields = types.indices.map { Field(name: "c\($0)", type: types[$0], id: $0 + 1) }
        let schema = Schema(fields)
        let transforms: [IcebergTransform] = [.day, .hour, .month, .year]
        let transform = transforms[Int(seed % 4)]
        let spec = PartitionSpec.single(transform, of: fields[Int(seed % 2) * 4])
        let source = Int(seed % 2) * 4
        for _ in 0..<60 {
            let first = Self.value(types[source], &random)
            guard let partition = transform.apply(first, of: types[source]) else { continue }
            var rows: [[Value]] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                var row = types.map { Self.value($0, &random) }
                // All rows of a file share its partition.
                if transform.apply(row[source], of: types[source]) != partition {
                    row[source] = first
                }
                rows.append(row)
            }
            let file = Self.file(rows, fields, spec, partition)
            let manifest = Self.manifest([file], spec, schema)
            for _ in 0..<20 {
                let predicate = Self.predicate(types, &random, depth: 2)
                let pruning = FilePruning(schema: schema, spec: spec, predicates: [predicate])
                if rows.contains(where: { Self.isTrue(predicate, $0, types) }) {
                    #expect(pruning.mayMatch(file), "\(predicate) over \(rows)")
                    #expect(pruning.mayMatch(manifest), "\(predicate) over \(rows)")
                }
            }
        }
    }

    @Test func pruningDropsWhatItCan() {
        let field = Field(name: "ts", type: .timestamp(precision: 6), id: 1)
        let schema = Schema([field])
        let spec = PartitionSpec.single(.day, of: field)
        let day = CivilTime.microsPerDay
        let file = DataFile(
            path: "x", specID: 0, partition: [.int(10)], recordCount: 1, fileSizeBytes: 1)
        let column = ScanColumnPath(index: 0)
        func mayMatch(_ predicate: ScanPredicate) -> Bool {
            FilePruning(schema: schema, spec: spec, predicates: [predicate]).mayMatch(file)
        }
        #expect(!mayMatch(.compare(column, .less, .int(10 * day))))
        #expect(mayMatch(.compare(column, .less, .int(10 * day + 1))))
        #expect(!mayMatch(.compare(column, .greaterOrEqual, .int(11 * day))))
        #expect(mayMatch(.compare(column, .greaterOrEqual, .int(11 * day - 1))))
        #expect(!mayMatch(.compare(column, .greater, .int(11 * day - 1))))
        #expect(!mayMatch(.compare(column, .equal, .int(9 * day))))
        #expect(!mayMatch(.isNull(column)))
        #expect(!mayMatch(.isIn(column, [.int(0), .int(day)])))
        #expect(mayMatch(.or([.isNull(column), .compare(column, .notEqual, .int(0))])))
    }

    private static func value(_ type: DataType, _ random: inout SeededRandom) -> Value {
        if Int.random(in: 0..<6, using: &random) == 0 { return .null }
        // Half an hour apart over some weeks around 1970, so that boundaries are hit.
        let micros = Int64.random(in: -2000...2000, using: &random) * 1_800_000_000
        switch type {
        case .timestamp: return .int(micros)
        case .timestampTZ: return .int128(ZonedTime(micros: micros).bits)
        case .bigint: return .int(Int64.random(in: -5...5, using: &random))
        case .double:
            let options = [Double.nan, -0.0, 0, 1, -1, 2.5]
            return .double(options.randomElement(using: &random) ?? 0)
        default:
            let long = String(repeating: "ab", count: Int.random(in: 0...12, using: &random))
            return .text(long + (["", "é", "z", "\u{10FFFF}"].randomElement(using: &random) ?? ""))
        }
    }

    private static func file(
        _ rows: [[Value]], _ fields: [Field], _ spec: PartitionSpec, _ partition: Value
    ) -> DataFile {
        var file = DataFile(
            path: "x", specID: 0, partition: [partition], recordCount: Int64(rows.count),
            fileSizeBytes: 1)
        for (index, field) in fields.enumerated() {
            let id = index + 1
            let column = rows.map { $0[index] }
            let numbers = column.filter { !$0.isNull && !$0.isNaN }
            file.valueCounts.append(FieldCount(fieldID: id, count: Int64(rows.count)))
            let nulls = column.filter(\.isNull).count
            file.nullCounts.append(FieldCount(fieldID: id, count: Int64(nulls)))
            let nans = column.filter(\.isNaN).count
            file.nanCounts.append(FieldCount(fieldID: id, count: Int64(nans)))
            let sorted = numbers.sorted { $0.compare($1, type: field.type) == .before }
            guard let least = sorted.first, let greatest = sorted.last else { continue }
            let lower = SingleValue.encode(least, as: field.type).flatMap {
                BoundTruncation.lower($0, type: field.type)
            }
            let upper = SingleValue.encode(greatest, as: field.type).flatMap {
                BoundTruncation.upper($0, type: field.type)
            }
            if let lower { file.lowerBounds.append(FieldBound(fieldID: id, bytes: lower[...])) }
            if let upper { file.upperBounds.append(FieldBound(fieldID: id, bytes: upper[...])) }
        }
        return file
    }

    private static func manifest(
        _ files: [DataFile], _ spec: PartitionSpec, _ schema: Schema
    ) -> ManifestFile {
        var manifest = ManifestFile(
            path: "m", lengthBytes: 1, specID: 0, sequenceNumber: 1, minSequenceNumber: 1,
            addedSnapshotID: 1)
        manifest.partitions = PartitionSummary.summarise(
            files.map(\.partition), types: spec.resultTypes(in: schema))
        return manifest
    }

    private static func predicate(
        _ types: [DataType], _ random: inout SeededRandom, depth: Int
    ) -> ScanPredicate {
        let index = Int.random(in: 0..<types.count, using: &random)
        let column = ScanColumnPath(index: index)
        switch Int.random(in: 0..<(depth > 0 ? 10 : 8), using: &random) {
        case 0: return .isNull(column)
        case 1: return .isNotNull(column)
        case 2:
            return .isIn(column, [value(types[index], &random), value(types[index], &random)])
        case 8:
            return .and([
                predicate(types, &random, depth: depth - 1),
                predicate(types, &random, depth: depth - 1),
            ])
        case 9:
            return .or([
                predicate(types, &random, depth: depth - 1),
                predicate(types, &random, depth: depth - 1),
            ])
        default:
            let all: [ScanComparison] = [
                .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
            ]
            return .compare(
                column, all.randomElement(using: &random) ?? .equal, value(types[index], &random))
        }
    }

    /// The slow truth: NULL makes a comparison untrue; NaN is unequal to everything and greatest.
    private static func isTrue(
        _ predicate: ScanPredicate, _ row: [Value], _ types: [DataType]
    ) -> Bool {
        switch predicate {
        case .and(let parts): return parts.allSatisfy { isTrue($0, row, types) }
        case .or(let parts): return parts.contains { isTrue($0, row, types) }
        case .isNull(let column): return row[column.index].isNull
        case .isNotNull(let column): return !row[column.index].isNull
        case .isIn(let column, let values):
            return values.contains { isTrue(.compare(column, .equal, $0), row, types) }
        case .compare(let column, let comparison, let constant):
            let value = row[column.index]
            if value.isNull || constant.isNull || constant.isNaN { return false }
            if value.isNaN {
                return [.notEqual, .greater, .greaterOrEqual].contains(comparison)
            }
            let order = value.compare(constant, type: types[column.index])
            switch comparison {
            case .equal: return order == .same
            case .notEqual: return order != .same
            case .less: return order == .before
            case .lessOrEqual: return order != .after
            case .greater: return order == .after
            case .greaterOrEqual: return order != .before
            }
        }
    }
}
