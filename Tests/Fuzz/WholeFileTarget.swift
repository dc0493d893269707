/// A whole file: opened, pruned, read with three batch sizes.
enum WholeFileTarget: FuzzTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        FileReading.all(MemoryFile.path(input))
    }
}
