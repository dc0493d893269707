import CXXHash
import Columnar

/// Turns one parsed document into one row in `RowEncoding`, checked against the definition.
///
/// A value that does not fit its column leaves NULL there, stays in `_extra` under its path and is
/// counted; in a required column it rejects the file.
struct RowStager {
    private let definition: TableDefinition
    let plan: FlattenPlan
    let walk: DocumentWalk
    let values: FixedTable<FlattenPlan.Value>
    let fields: FixedTable<FlattenPlan.Field>
    let frames: FixedTable<FlattenPlan.Frame>
    private let fieldSlots: FixedTable<Int32>
    private let keyColumns: [Int]
    let rules: FixedTable<ColumnRules>
    private let fallbacks: FixedTable<UInt8>
    var residue = Residue()
    var writer = JSONWriter()
    /// Misfits of the staged row, by column.
    let drift: FixedTable<Int>
    /// Whether `drift` holds anything but zeros.
    var hasDrift = false
    /// What the row hash covers, and what it does not.
    let sections: FixedTable<RowBytes>
    private var key: RowBytes
    /// Where each column begins in `stable`; `_extra` is behind the last.
    private let columnStarts: FixedTable<Int>
    /// Where each column's volatile values begin in the other section.
    private let volatileStarts: FixedTable<Int>
    private var captures: [Range<Int>]

    init(
        _ definition: TableDefinition, plan: FlattenPlan, pool: BufferPool
    ) throws(ColumnarError) {
        self.definition = definition
        self.plan = plan
        walk = DocumentWalk(plan)
        values = FixedTable(plan.values)
        fields = FixedTable(plan.fields)
        frames = FixedTable(plan.frames)
        fieldSlots = FixedTable(plan.fieldSlots)
        rules = FixedTable(plan.rules)
        fallbacks = FixedTable(plan.fallbacks)
        keyColumns = definition.keyColumns
        let columnCount = definition.columns.count
        drift = FixedTable(Array(repeating: 0, count: columnCount))
        columnStarts = FixedTable(Array(repeating: 0, count: columnCount + 1))
        volatileStarts = FixedTable(Array(repeating: 0, count: columnCount))
        captures = Array(repeating: 0..<0, count: definition.raw.captureNames.count)
        sections = FixedTable([try RowBytes(pool: pool), try RowBytes(pool: pool)])
        key = try RowBytes(pool: pool)
    }

    /// Stages the row of a document; the key in the answer lives until the next call.
    mutating func stage(
        _ document: JSONElement, path: UnsafeRawBufferPointer
    ) throws(ColumnarError) -> FlattenOutcome {
        guard document.kind == .object else {
            return .rejected(.notAnObject(found: Found.name(document)))
        }
        guard definition.raw.captures(in: path, into: &captures) else {
            return .rejected(.foreignPath(pattern: definition.raw.pattern))
        }
        residue.removeAll()
        sections.base[0].truncate(to: 0)
        sections.base[1].truncate(to: 0)
        if hasDrift { drift.base.update(repeating: 0, count: drift.count) }
        hasDrift = false
        let frame = frames.base[0]
        walk.clear(frame)
        if walk.fill(
            node: frame.node, from: document, residue: &residue, keeps: true, drift: drift.base)
        {
            hasDrift = true
        }
        for i in 0..<Int(frame.fieldCount) {
            let field = fields.base[Int(frame.firstField) + i]
            columnStarts.base[i] = sections.base[0].count
            volatileStarts.base[i] = sections.base[1].count
            if field.capture >= 0 {
                let range = captures[Int(field.capture)]
                let text = UnsafeRawBufferPointer(rebasing: path[range])
                if try putCapture(text, field) { continue }
                return .rejected(unfit(i, String(decoding: text, as: UTF8.self)))
            }
            let filled = try put(field, of: document)
            if field.isRequired, !filled { return .rejected(missing(i, document)) }
        }
        columnStarts.base[drift.count] = sections.base[0].count
        if residue.isEmpty {
            try sections.base[0].putNull()
        } else {
            try sections.base[0].put(copyOf: residue.text())
        }
        let rowBytes = sections.base[0].bytes
        return .row(
            RowIdentity(
                key: try keyBytes(), partitionValue: partitionValue(),
                rowHash: XXH3_64bits(rowBytes.baseAddress, rowBytes.count)))
    }

    /// Where the staged row's value of a column stands.
    func value(ofColumn column: Int) -> UnsafeRawPointer {
        let section = values.base[Int(fields.base[Int(frames.base[0].firstField) + column].value)]
            .section
        let start = section == 0 ? columnStarts.base[column] : volatileStarts.base[column]
        // A staged row has bytes in each section that a value of it stands in.
        return sections.base[section].bytes.baseAddress.unsafelyUnwrapped + start
    }

    private mutating func keyBytes() throws(ColumnarError) -> UnsafeRawBufferPointer {
        key.truncate(to: 0)
        for column in keyColumns {
            let range = columnStarts.base[column]..<columnStarts.base[column + 1]
            try key.put(raw: sections.base[0].slice(range))
        }
        return key.bytes
    }

    private func partitionValue() -> Int32? {
        guard let rule = definition.partition else { return nil }
        let bytes = sections.base[0].bytes
        let start = columnStarts.base[rule.column] + 1
        if definition.columns[rule.column].type == .date {
            let days = Int64(bytes.loadUnaligned(fromByteOffset: start, as: Int32.self))
            let (micros, overflows) = days.multipliedReportingOverflow(by: CivilTime.microsPerDay)
            return rule.transform.value(micros: overflows ? (days < 0 ? .min : .max) : micros)
        }
        return rule.transform.value(
            micros: bytes.loadUnaligned(fromByteOffset: start, as: Int64.self))
    }

    /// Encodes a capture; false when it does not fit or is missing where a value must be.
    private mutating func putCapture(
        _ text: UnsafeRawBufferPointer, _ field: FlattenPlan.Field
    ) throws(ColumnarError) -> Bool {
        let value = values.base[Int(field.value)]
        let fit =
            value.rules < 0
            ? try put(text: text, as: Int(field.value)) : try putRuled(text: text, value)
        if fit == .null {
            try putFallback(field)
            return !field.isRequired || field.fallbackCount > 0
        }
        return fit == .yes
    }

    /// Encodes a field's value, from the first of its paths that has one; false when it is NULL.
    mutating func put(
        _ field: FlattenPlan.Field, of document: JSONElement
    ) throws(ColumnarError) -> Bool {
        let value = Int(field.value)
        var chosen = -1
        var hasMisfit = false
        let start = sections.base[values.base[value].section].count
        for i in 0..<Int(field.slotCount) {
            let slot = Int(fieldSlots.base[Int(field.firstSlot) + i])
            let index = Int(walk.slots.base[slot])
            guard index != 0 else { continue }
            let element = document.element(atTapeIndex: index)
            guard !element.isNull else { continue }
            if chosen >= 0 {
                if try !agrees(element, value, from: start) { keep(element, slot: slot) }
                continue
            }
            // Only nested values look at the path while they are encoded.
            let isNested = values.base[value].part >= 0
            if isNested { enter(slot, of: document) }
            let fit = try put(element, as: value, column: Int(field.column))
            if isNested { leave(slot) }
            switch fit {
            case .yes: chosen = i
            case .null: break
            case .no:
                hasMisfit = true
                keep(element, slot: slot)
                countDrift(Int(field.column))
            }
        }
        if chosen >= 0 {
            if field.partCount > 0 { keepParts(of: field, in: document) }
            return true
        }
        if field.partCount > 0, try gather(field, of: document) { return true }
        guard !hasMisfit, field.fallbackCount > 0 else {
            try putNull(value)
            return false
        }
        try putFallback(field)
        return true
    }

    /// What a field is where nothing gives it a value.
    private mutating func putFallback(_ field: FlattenPlan.Field) throws(ColumnarError) {
        guard field.fallbackCount > 0 else { return try putNull(Int(field.value)) }
        let bytes = UnsafeRawBufferPointer(
            start: fallbacks.base + Int(field.firstFallback), count: Int(field.fallbackCount))
        try sections.base[values.base[Int(field.value)].section].put(raw: bytes)
    }

    /// The element under the n-th of a field's gathered parts; nil when there is none.
    func part(
        _ number: Int, of field: FlattenPlan.Field, in document: JSONElement
    ) -> (element: JSONElement, slot: Int)? {
        let slot = Int(fieldSlots.base[Int(field.firstSlot + field.slotCount) + number])
        let index = Int(walk.slots.base[slot])
        guard index != 0 else { return nil }
        let element = document.element(atTapeIndex: index)
        return element.isNull ? nil : (element, slot)
    }

    /// Keeps gathered parts that serve nobody.
    mutating func keepParts(of field: FlattenPlan.Field, in document: JSONElement) {
        for number in 0..<Int(field.partCount) {
            guard let (element, slot) = part(number, of: field, in: document),
                !plan.isTakenElsewhere[Int(field.firstSlot + field.slotCount) + number]
            else { continue }
            keep(element, slot: slot)
        }
    }

    /// Whether a second path's element encodes as the first one's did.
    private mutating func agrees(
        _ element: JSONElement, _ value: Int, from start: Int
    ) throws(ColumnarError) -> Bool {
        let plan = values.base[value]
        guard plan.kind != .list, plan.kind != .row else { return false }
        let end = sections.base[plan.section].count
        let fit = try put(element, as: value, column: 0)
        let all = sections.base[plan.section].bytes
        let isEqual = fit == .yes && all[start..<end].elementsEqual(all[end...])
        sections.base[plan.section].truncate(to: end)
        return isEqual || fit == .null
    }

    mutating func countDrift(_ column: Int) {
        drift.base[column] &+= 1
        hasDrift = true
    }

    private mutating func enter(_ slot: Int, of document: JSONElement) {
        for step in plan.slotPaths[slot] {
            if step.item >= 0 {
                let slot = Int(plan.items[Int(step.item)].slot)
                let index = Int(walk.slots.base[slot])
                walk.enter(
                    item: Int(step.item), document.element(atTapeIndex: index), &residue)
            } else {
                let start = Int(step.keyStart)
                residue.enter(key: walk.key(start..<start + Int(step.keyCount)))
            }
        }
    }

    private mutating func leave(_ slot: Int) {
        for _ in plan.slotPaths[slot] { residue.leave() }
    }

    mutating func keep(_ element: JSONElement, slot: Int) {
        enter(slot, of: element)
        residue.keep(element)
        leave(slot)
    }

    private func missing(_ column: Int, _ document: JSONElement) -> RejectReason {
        let field = fields.base[column]
        for i in 0..<Int(field.slotCount) {
            let slot = Int(fieldSlots.base[Int(field.firstSlot) + i])
            let index = Int(walk.slots.base[slot])
            guard index != 0 else { continue }
            let element = document.element(atTapeIndex: index)
            if !element.isNull { return unfit(column, Found.sample(element)) }
        }
        return .missing(column: definition.columns[column].name, path: pathText(column))
    }

    private func unfit(_ column: Int, _ found: String) -> RejectReason {
        let definition = definition.columns[column]
        return .unfit(
            column: definition.name, path: pathText(column), type: "\(definition.type)",
            found: found)
    }

    private func pathText(_ column: Int) -> String {
        switch definition.columns[column].source {
        case .capture(let number): "{\(definition.raw.captureNames[number])}"
        case .paths(let paths): paths.map(\.description).joined(separator: " or ")
        case .gathered(let paths, let parts, _):
            (paths + [parts[0]]).map(\.description).joined(separator: " or ")
        case .constant: "the constant"
        }
    }
}
