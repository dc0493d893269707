/// A table of fixed size behind a bare pointer: the walk reads it millions of times a second.
///
/// Copies share the memory; it lives as long as any of them.
struct FixedTable<Element> {
    let base: UnsafeMutablePointer<Element>
    let count: Int
    private let owner: Owner

    init(_ elements: [Element]) {
        count = elements.count
        base = .allocate(capacity: max(elements.count, 1))
        base.initialize(from: elements, count: elements.count)
        owner = Owner(base: base, count: elements.count)
    }

    private final class Owner {
        private let base: UnsafeMutablePointer<Element>
        private let count: Int

        init(base: UnsafeMutablePointer<Element>, count: Int) {
            self.base = base
            self.count = count
        }

        deinit {
            base.deinitialize(count: count)
            base.deallocate()
        }
    }
}
