import Columnar

/// Values on which column rules work; columns without rules never come here.
extension RowStager {
    /// Encodes a value that is not null, as the column's rules say.
    mutating func putRuled(
        _ element: JSONElement, _ value: FlattenPlan.Value, column: Int
    ) throws(ColumnarError) -> Fit {
        let rules = self.rules.base + Int(value.rules)
        switch element.kind {
        case .string: return try putRuled(text: element.stringBytes, value)
        case .int64, .uint64, .double, .true, .false:
            if !rules.pointee.nullTexts.isEmpty {
                writer.removeAll()
                writer.element(element)
                if writer.bytes.withUnsafeBytes(rules.pointee.isNull) { return .null }
            }
            if rules.pointee.scaleExponent != 0 {
                return try putScaled(element, value, rules.pointee.scaleExponent) ? .yes : .no
            }
            if let zone = rules.pointee.zone { return try put(element, value, in: zone) }
        case .object, .array, .null: break
        }
        return try putPlain(element, value, column: column) ? .yes : .no
    }

    /// The same for a text.
    mutating func putRuled(
        text: UnsafeRawBufferPointer, _ value: FlattenPlan.Value
    ) throws(ColumnarError) -> Fit {
        let rules = self.rules.base + Int(value.rules)
        if rules.pointee.isNull(text) { return .null }
        let text = rules.pointee.stripped(text)
        if let zone = rules.pointee.zone {
            guard let instant = InstantText.instant(text, format: value.format),
                let micros = instant.hasOffset ? zone.clock(at: instant.micros) : instant.micros
            else { return .no }
            return try put(clock: micros, value)
        }
        guard rules.pointee.number != .plain || rules.pointee.scaleExponent != 0 else {
            return try put(text: text, as: value) ? .yes : .no
        }
        let number = DecimalText(text, allowsSuffix: rules.pointee.number == .suffixed)
        guard var number else { return .no }
        number.exponent += rules.pointee.scaleExponent
        return try put(number, value) ? .yes : .no
    }

    /// An epoch on the clock of a zone.
    private mutating func put(
        _ element: JSONElement, _ value: FlattenPlan.Value, in zone: NamedZone
    ) throws(ColumnarError) -> Fit {
        var instant: Int64?
        switch element.kind {
        case .int64:
            instant = InstantText.micros(epoch: element.int64Bits, format: value.format)
        case .double:
            instant = InstantText.micros(epoch: element.doubleBits, format: value.format)
        default: break
        }
        guard let instant, let micros = zone.clock(at: instant) else { return .no }
        return try put(clock: micros, value)
    }

    private mutating func put(
        clock micros: Int64, _ value: FlattenPlan.Value
    ) throws(ColumnarError) -> Fit {
        if value.kind == .date { return try put(dayOf: micros, value) ? .yes : .no }
        try put(UInt64(bitPattern: micros), value)
        return .yes
    }

    /// A JSON number times a power of ten; doubles are rounded once.
    private mutating func putScaled(
        _ element: JSONElement, _ value: FlattenPlan.Value, _ exponent: Int
    ) throws(ColumnarError) -> Bool {
        switch element.kind {
        case .int64:
            return try put(DecimalText(element.int64Bits, exponent: exponent), value)
        case .double:
            let power = DecimalText.powersOfTen[abs(exponent)]
            let scaled =
                exponent < 0 ? element.doubleBits / power : element.doubleBits * power
            switch value.kind {
            case .float64:
                guard scaled.isFinite else { return false }
                try put(scaled.bitPattern, value)
            case .float32:
                guard Float(scaled).isFinite else { return false }
                try put(Float(scaled).bitPattern, value)
            default:
                guard scaled.magnitude <= 9_007_199_254_740_992,
                    let integer = Int64(exactly: scaled)
                else { return false }
                return try put(DecimalText(integer, exponent: 0), value)
            }
            return true
        default: return false
        }
    }

    private mutating func put(
        _ number: DecimalText, _ value: FlattenPlan.Value
    ) throws(ColumnarError) -> Bool {
        switch value.kind {
        case .int64:
            guard let integer = number.int64 else { return false }
            try put(UInt64(bitPattern: integer), value)
        case .int32:
            guard let integer = number.int64.flatMap({ Int32(exactly: $0) }) else { return false }
            try put(UInt32(bitPattern: integer), value)
        case .float64:
            guard let double = number.double else { return false }
            try put(double.bitPattern, value)
        case .float32:
            guard let float = number.float else { return false }
            try put(float.bitPattern, value)
        default: return false
        }
        return true
    }

    /// Encodes a field from its parts; false, and nothing written, when all are missing.
    mutating func gather(
        _ field: FlattenPlan.Field, of document: JSONElement
    ) throws(ColumnarError) -> Bool {
        let parts = 0..<Int(field.partCount)
        guard parts.contains(where: { part($0, of: field, in: document) != nil }) else {
            return false
        }
        let value = values.base[Int(field.value)]
        guard value.kind == .list else { return try join(field, value, of: document) }
        let position = try sections.base[value.section].openList()
        for number in parts {
            guard let (element, slot) = part(number, of: field, in: document) else {
                try putNull(Int(value.part))
                continue
            }
            let fit = try put(element, as: Int(value.part), column: Int(field.column))
            if fit != .yes { try putNull(Int(value.part)) }
            if fit == .no {
                keep(element, slot: slot)
                countDrift(Int(field.column))
            }
        }
        sections.base[value.section].closeList(at: position, count: parts.count)
        return true
    }

    /// The parts' texts with the separator between those that are there.
    private mutating func join(
        _ field: FlattenPlan.Field, _ value: FlattenPlan.Value, of document: JSONElement
    ) throws(ColumnarError) -> Bool {
        var text: [UInt8] = []
        var count = 0
        for number in 0..<Int(field.partCount) {
            guard let (element, slot) = part(number, of: field, in: document) else { continue }
            switch element.kind {
            case .object, .array, .null:
                keep(element, slot: slot)
                countDrift(Int(field.column))
            case .string:
                if count > 0 { text += Array(plan.separators[Int(field.separator)].utf8) }
                text += element.stringBytes
                count += 1
            case .int64, .uint64, .double, .true, .false:
                if count > 0 { text += Array(plan.separators[Int(field.separator)].utf8) }
                text += element.jsonText()
                count += 1
            }
        }
        guard count > 0 else { return false }
        var failure: ColumnarError?
        let fit: Fit = text.withUnsafeBytes { bytes in
            do throws(ColumnarError) {
                return value.rules < 0
                    ? try put(text: bytes, as: value) ? .yes : .no
                    : try putRuled(text: bytes, value)
            } catch {
                failure = error
                return .no
            }
        }
        if let failure { throw failure }
        if fit == .no {
            keepParts(of: field, in: document)
            countDrift(Int(field.column))
        }
        return fit == .yes
    }
}

extension ColumnRules {
    func isNull(_ text: UnsafeRawBufferPointer) -> Bool {
        nullTexts.contains { placeholder in
            placeholder.isPrefix
                ? text.starts(with: placeholder.text) : text.elementsEqual(placeholder.text)
        }
    }

    /// The text without the first of the prefixes that it begins with.
    func stripped(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        for prefix in prefixes where text.starts(with: prefix.utf8) {
            return UnsafeRawBufferPointer(rebasing: text[prefix.utf8.count...])
        }
        return text
    }
}

extension NamedZone {
    /// What the zone's clocks show at an instant, as microseconds of a day count of their own.
    func clock(at micros: Int64) -> Int64? {
        let seconds =
            micros / CivilTime.microsPerSecond - (micros % CivilTime.microsPerSecond < 0 ? 1 : 0)
        let offset = rules.offset(atSeconds: seconds) * CivilTime.microsPerSecond
        let (clock, overflows) = micros.addingReportingOverflow(offset)
        return overflows ? nil : clock
    }
}
