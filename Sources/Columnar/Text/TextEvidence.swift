/// The types that hold every text seen so far without loss; what is left when all were seen is the type.
///
/// Texts rule types out, so the order of texts does not matter and evidence of files can be joined.
struct TextEvidence: Hashable, Sendable {
    struct Kinds: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let boolean = Kinds(rawValue: 1)
        static let bigint = Kinds(rawValue: 2)
        static let double = Kinds(rawValue: 4)
        static let date = Kinds(rawValue: 8)
        static let timestamp = Kinds(rawValue: 16)
        static let zoned = Kinds(rawValue: 32)
        static let numbers: Kinds = [.bigint, .double]
        static let times: Kinds = [.date, .timestamp, .zoned]
        static let all: Kinds = [.boolean, .bigint, .double, .date, .timestamp, .zoned]
    }

    private(set) var kinds: Kinds
    /// Whether any text was seen.
    private(set) var hasValues = false
    private var fractionDigits = 0

    init(_ kinds: Kinds = .all) {
        self.kinds = kinds
    }

    /// The narrowest type that holds every text; varchar if none does or nothing was seen.
    var type: DataType {
        guard hasValues else { return .text }
        if kinds.contains(.boolean) { return .boolean }
        if kinds.contains(.bigint) { return .bigint }
        if kinds.contains(.double) { return .double }
        if kinds.contains(.date) { return .date }
        let precision = fractionDigits == 0 ? 0 : fractionDigits <= 3 ? 3 : 6
        if kinds.contains(.timestamp) { return .timestamp(precision: precision) }
        if kinds.contains(.zoned) { return .timestampTZ(precision: precision) }
        return .text
    }

    mutating func add(_ text: UnsafeRawBufferPointer) {
        hasValues = true
        guard !kinds.isEmpty else { return }
        let text = Self.trimmed(text)
        if kinds.contains(.bigint), let integer = WrittenNumber.integer(text) {
            kinds.formIntersection(
                integer.magnitude <= WrittenNumber.exactInteger ? .numbers : .bigint)
            return
        }
        kinds.formIntersection(kind(of: text))
    }

    mutating func join(_ other: TextEvidence) {
        kinds.formIntersection(other.kinds)
        hasValues = hasValues || other.hasValues
        fractionDigits = max(fractionDigits, other.fractionDigits)
    }

    /// Whether a text fits what all others left.
    func fits(_ text: UnsafeRawBufferPointer) -> Bool {
        var copy = self
        copy.add(text)
        return !copy.kinds.isEmpty
    }

    private mutating func kind(of text: UnsafeRawBufferPointer) -> Kinds {
        if !kinds.isDisjoint(with: .numbers), WrittenNumber.isDouble(text) { return .double }
        if !kinds.isDisjoint(with: .times), let time = WrittenTime(text) {
            fractionDigits = max(fractionDigits, time.fractionDigits)
            switch time.form {
            case .date: return [.date, .timestamp]
            case .local: return .timestamp
            case .zoned: return .zoned
            }
        }
        return kinds.contains(.boolean) && Self.boolean(text) != nil ? .boolean : []
    }

    /// `true` and `false` in lower case, upper case or capitalised.
    static func boolean(_ text: UnsafeRawBufferPointer) -> Bool? {
        guard text.count == 4 || text.count == 5 else { return nil }
        switch String(decoding: text, as: UTF8.self) {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default: return nil
        }
    }

    /// Without blanks around: they do not make a number a text.
    static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = text.count
        while start < end, text[start] == 0x20 { start += 1 }
        while end > start, text[end - 1] == 0x20 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }
}
