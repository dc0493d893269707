/// An immutable table behind a bare pointer: the walk reads it millions of times a second.
final class FixedTable<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        base = .allocate(capacity: max(elements.count, 1))
        for (i, element) in elements.enumerated() { (base + i).initialize(to: element) }
    }

    deinit {
        base.deallocate()
    }
}
