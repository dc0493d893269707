/// Repetition and definition levels of lists and structs of many depths.
///
///     ┌───────┬────────┬───────┬──────┬─────────────┬─────────────┬───────────┐
///     │ shape │ flags  │ count │ rows │ repetition  │ definition  │ page body │
///     │ 1 B   │ 1 B    │ 2 B   │ 2 B  │ size + size B each        │ the rest  │
///     └───────┴────────┴───────┴──────┴─────────────┴─────────────┴───────────┘
enum LevelsTarget: FuzzTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let shape = input.byte()
        let flags = input.byte()
        var file = PageFile(schema: schema(shape: shape, flags: flags))
        var page = PageFile.Page()
        page.valueCount = input.word()
        file.rowCount = input.word()
        page.rowCount = file.rowCount
        let repetition = input.take(input.byte())
        let definition = input.take(input.byte())
        if flags & 1 != 0 {
            page.type = .dataV2
            page.repetitionBytes = repetition.count
            page.definitionBytes = definition.count
            page.body = repetition + definition
        } else {
            if flags & 2 != 0 { page.levelEncoding = ValueEncoding.bitPacked.rawValue }
            let isPrefixed = flags & 2 == 0
            page.body = (isPrefixed ? prefixed(repetition) : repetition)
            page.body += (isPrefixed ? prefixed(definition) : definition)
        }
        page.body += input.remainder()
        file.pages = [page]
        file.read()
    }

    private static func prefixed(_ levels: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: levels.count), 0, 0, 0] + levels
    }

    /// A chain of groups; each two bits of `shape` are one group's repetition.
    private static func schema(shape: Int, flags: Int) -> [SchemaElement] {
        var elements: [SchemaElement] = []
        var root = SchemaElement(name: "root")
        root.childCount = 1
        elements.append(root)
        for level in 0..<flags >> 2 & 3 {
            var group = SchemaElement(name: "g\(level)")
            group.childCount = 1
            group.repetition = Repetition(rawValue: shape >> (2 * level) & 3) ?? .optional
            if flags >> (4 + level) & 1 != 0 { group.logical = .list }
            elements.append(group)
        }
        var leaf = SchemaElement(name: "leaf")
        leaf.type = flags & 128 != 0 ? .byteArray : .int32
        leaf.repetition = Repetition(rawValue: shape >> 6 & 3) ?? .required
        elements.append(leaf)
        return elements
    }
}
