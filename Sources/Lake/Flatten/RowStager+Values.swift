import Columnar

/// JSON values as column values: what fits is encoded, the rest is told to the caller.
///
///     column       takes
///     varchar      text; numbers as their digits (integers exact, doubles shortest); true and false
///     bigint …     integers in range; doubles without a fraction up to 2^53; text that is such an integer
///     double …     numbers; text in JSON's number grammar
///     boolean      true, false; the texts "true" and "false"
///     timestamp    `InstantText`'s forms; date likewise, cut to the UTC day
///     json         anything, as canonical text
///     array        an array, each element by itself; with `split`, a text
///     row          an object
extension RowStager {
    /// Encodes one value that is not null; nothing is written unless it fits.
    mutating func put(
        _ element: JSONElement, as number: Int, column: Int
    ) throws(ColumnarError) -> Fit {
        let value = values.base[number]
        if value.rules >= 0 { return try putRuled(element, value, column: column) }
        return try putPlain(element, value, column: column) ? .yes : .no
    }

    /// Encodes a value as it is.
    @inline(__always)
    mutating func putPlain(
        _ element: JSONElement, _ value: FlattenPlan.Value, column: Int
    ) throws(ColumnarError) -> Bool {
        switch value.kind {
        case .text: return try putText(element, value)
        case .int64:
            guard let integer = Self.integer(element) else { return false }
            try put(UInt64(bitPattern: integer), value)
        case .int32:
            guard let wide = Self.integer(element), let integer = Int32(exactly: wide) else {
                return false
            }
            try put(UInt32(bitPattern: integer), value)
        case .float64:
            guard let double = Self.double(element) else { return false }
            try put(double.bitPattern, value)
        case .float32:
            guard let double = Self.double(element), Float(double).isFinite else { return false }
            try put(Float(double).bitPattern, value)
        case .boolean:
            guard let bit = Self.boolean(element) else { return false }
            try put(bit, value)
        case .instant:
            guard let micros = Self.micros(element, value.format) else { return false }
            try put(UInt64(bitPattern: micros), value)
        case .date:
            guard let micros = Self.micros(element, value.format) else { return false }
            return try put(dayOf: micros, value)
        case .json:
            writer.removeAll()
            writer.element(element, canonical: true)
            try sections.base[value.section].put(copyOf: writer.bytes)
        case .list: return try putList(element, value, column: column)
        case .row:
            guard element.kind == .object else { return false }
            try putRow(element, value)
        }
        return true
    }

    /// Encodes a text that stands in no document: a capture, or what rules left of a value.
    mutating func put(
        text: UnsafeRawBufferPointer, as number: Int
    ) throws(ColumnarError) -> Fit {
        try put(text: text, as: values.base[number]) ? .yes : .no
    }

    mutating func put(
        text: UnsafeRawBufferPointer, as value: FlattenPlan.Value
    ) throws(ColumnarError) -> Bool {
        switch value.kind {
        case .text:
            guard Self.fits(text, value.maxLength) else { return false }
            try put(text: text, value)
        case .int64:
            guard let integer = NumberText.int64(text) else { return false }
            try put(UInt64(bitPattern: integer), value)
        case .int32:
            guard let wide = NumberText.int64(text), let integer = Int32(exactly: wide) else {
                return false
            }
            try put(UInt32(bitPattern: integer), value)
        case .float64:
            guard let double = NumberText.double(text) else { return false }
            try put(double.bitPattern, value)
        case .float32:
            guard let double = NumberText.double(text), Float(double).isFinite else {
                return false
            }
            try put(Float(double).bitPattern, value)
        case .boolean:
            guard let bit = Self.boolean(text) else { return false }
            try put(bit, value)
        case .instant:
            guard let micros = InstantText.micros(text, format: value.format) else { return false }
            try put(UInt64(bitPattern: micros), value)
        case .date:
            guard let micros = InstantText.micros(text, format: value.format) else { return false }
            return try put(dayOf: micros, value)
        case .json:
            writer.removeAll()
            writer.string(text)
            try sections.base[value.section].put(copyOf: writer.bytes)
        case .list:
            guard value.splitByte != 0 else { return false }
            try putSplit(text, value)
        case .row: return false
        }
        return true
    }

    mutating func putNull(_ number: Int) throws(ColumnarError) {
        try sections.base[values.base[number].section].putNull()
    }

    mutating func put(
        _ bits: UInt64, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        try sections.base[value.section].put(value: bits)
    }

    mutating func put(
        _ bits: UInt32, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        try sections.base[value.section].put(value: bits)
    }

    private mutating func put(
        _ bit: Bool, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        try sections.base[value.section].put(byte: 1)
        try sections.base[value.section].put(byte: bit ? 1 : 0)
    }

    /// The day of an instant; false when no date holds it.
    mutating func put(
        dayOf micros: Int64, _ value: FlattenPlan.Value
    ) throws(ColumnarError) -> Bool {
        guard let days = Int32(exactly: CivilTime.floorDays(micros: micros)) else { return false }
        try put(UInt32(bitPattern: days), value)
        return true
    }

    mutating func put(
        text: UnsafeRawBufferPointer, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        try sections.base[value.section].put(text: text)
    }

    private mutating func putText(
        _ element: JSONElement, _ value: FlattenPlan.Value
    ) throws(ColumnarError) -> Bool {
        switch element.kind {
        case .string:
            let text = element.stringBytes
            guard Self.fits(text, value.maxLength) else { return false }
            try put(text: text, value)
            return true
        case .int64, .uint64, .double, .true, .false:
            writer.removeAll()
            writer.element(element)
            guard writer.bytes.count <= Int(value.maxLength) else { return false }
            try sections.base[value.section].put(copyOf: writer.bytes)
            return true
        case .object, .array, .null: return false
        }
    }

    /// Whether a text has at most so many code points.
    static func fits(_ text: UnsafeRawBufferPointer, _ maxLength: Int32) -> Bool {
        if text.count <= Int(maxLength) { return true }
        var length = 0
        for byte in text where byte & 0xC0 != 0x80 { length += 1 }
        return length <= Int(maxLength)
    }

    private mutating func putList(
        _ element: JSONElement, _ value: FlattenPlan.Value, column: Int
    ) throws(ColumnarError) -> Bool {
        let part = Int(value.part)
        if element.kind == .string, value.splitByte != 0 {
            try putSplit(element.stringBytes, value)
            return true
        }
        guard element.kind == .array else { return false }
        let position = try sections.base[value.section].openList()
        var count = 0
        var elements = element.elements
        while let next = elements.next() {
            if next.isNull {
                try putNull(part)
            } else {
                residue.enter(position: count)
                let fit = try put(next, as: part, column: column)
                if fit != .yes { try putNull(part) }
                if fit == .no {
                    residue.keep(next)
                    countDrift(column)
                }
                residue.leave()
            }
            count &+= 1
        }
        sections.base[value.section].closeList(at: position, count: count)
        return true
    }

    /// A text of pieces: spaces around a piece and empty pieces go.
    private mutating func putSplit(
        _ text: UnsafeRawBufferPointer, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        let position = try sections.base[value.section].openList()
        var count = 0
        var start = 0
        while start <= text.count {
            var end = start
            while end < text.count, text[end] != value.splitByte { end += 1 }
            var first = start
            var last = end
            while first < last, text[first] == 0x20 { first += 1 }
            while last > first, text[last - 1] == 0x20 { last -= 1 }
            if first < last {
                try put(text: UnsafeRawBufferPointer(rebasing: text[first..<last]), value)
                count += 1
            }
            start = end + 1
        }
        sections.base[value.section].closeList(at: position, count: count)
    }

    private mutating func putRow(
        _ object: JSONElement, _ value: FlattenPlan.Value
    ) throws(ColumnarError) {
        try sections.base[value.section].put(byte: 1)
        let frame = frames.base[Int(value.part)]
        walk.clear(frame)
        if walk.fill(
            node: frame.node, from: object, residue: &residue, keeps: true, drift: drift.base)
        {
            hasDrift = true
        }
        for i in 0..<Int(frame.fieldCount) {
            _ = try put(fields.base[Int(frame.firstField) + i], of: object)
        }
    }
}

/// Coercions of scalars; nil when the value does not fit.
extension RowStager {
    private static func integer(_ element: JSONElement) -> Int64? {
        switch element.kind {
        case .int64: return element.int64Bits
        case .double:
            let double = element.doubleBits
            return double.magnitude <= 9_007_199_254_740_992 ? Int64(exactly: double) : nil
        case .string: return NumberText.int64(element.stringBytes)
        default: return nil
        }
    }

    private static func double(_ element: JSONElement) -> Double? {
        element.kind == .string ? NumberText.double(element.stringBytes) : element.double
    }

    private static func boolean(_ element: JSONElement) -> Bool? {
        switch element.kind {
        case .true: return true
        case .false: return false
        case .string: return boolean(element.stringBytes)
        default: return nil
        }
    }

    private static func boolean(_ text: UnsafeRawBufferPointer) -> Bool? {
        if text.elementsEqual("true".utf8) { return true }
        return text.elementsEqual("false".utf8) ? false : nil
    }

    private static func micros(_ element: JSONElement, _ format: InstantFormatCode) -> Int64? {
        switch element.kind {
        case .string: return InstantText.micros(element.stringBytes, format: format)
        case .int64: return InstantText.micros(epoch: element.int64Bits, format: format)
        case .double: return InstantText.micros(epoch: element.doubleBits, format: format)
        default: return nil
        }
    }
}

/// Whether a value fits its column.
enum Fit {
    case yes
    case no
    /// It stands for no value.
    case null
}

/// JSON values in reject reasons.
enum Found {
    static func name(_ element: JSONElement) -> String {
        switch element.kind {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .int64, .uint64, .double: "a number"
        case .true, .false: "a boolean"
        case .null: "null"
        }
    }

    /// The value, cut after 60 characters.
    static func sample(_ element: JSONElement) -> String {
        switch element.kind {
        case .object, .array: return name(element)
        default:
            let text = String(decoding: element.jsonText().prefix(300), as: UTF8.self)
            return text.count > 60 ? text.prefix(60) + "…" : text
        }
    }
}
