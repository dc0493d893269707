import Synchronization

/// Footers that were read already, by path and version of the file: one for the process.
///
/// A file that was replaced or rewritten has another size, time or inode and is read anew. Bounded by
/// `Limits.footerCacheBytes`: two generations, the older of which goes when the younger is full, so what
/// is asked for again stays.
package final class FooterCache: Sendable {
    package static let shared = FooterCache(limitBytes: Limits.footerCacheBytes)

    private struct State {
        var young: [String: ParquetFile] = [:]
        var old: [String: ParquetFile] = [:]
        var youngBytes = 0
    }

    private let state = Mutex(State())
    private let limitBytes: Int

    package init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// The opened file; reads its footer only if it is not known yet.
    package func file(path: String) throws(ColumnarError) -> ParquetFile {
        let version = try FileVersion(path: path)
        if let held = held(path), held.version == version { return held }
        let file = try ParquetFile.open(path: path)
        state.withLock { Self.add(file, to: &$0, halfBytes: limitBytes / 2) }
        return file
    }

    /// The files in order, their footers read by `workers` threads.
    ///
    /// Of several files that cannot be opened the first is told.
    package func files(
        paths: [String], workers: Int
    ) throws(ColumnarError) -> [ParquetFile] {
        var files: [ParquetFile] = []
        files.reserveCapacity(paths.count)
        for result in results(paths: paths, workers: workers) { files.append(try result.get()) }
        return files
    }

    /// The same, with what was wrong with those that cannot be opened.
    func results(
        paths: [String], workers: Int
    ) -> [Result<ParquetFile, ColumnarError>] {
        let results = Mutex(
            [Result<ParquetFile, ColumnarError>?](repeating: nil, count: paths.count))
        // A thread takes 30 µs to begin, a footer about as long to be read.
        Workers.forEach(paths.count, workers: min(workers, paths.count / 8 + 1)) { (index: Int) in
            let result = Result { () throws(ColumnarError) in try self.file(path: paths[index]) }
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func held(_ path: String) -> ParquetFile? {
        state.withLock { state in
            if let file = state.young[path] { return file }
            guard let file = state.old.removeValue(forKey: path) else { return nil }
            Self.add(file, to: &state, halfBytes: limitBytes / 2)
            return file
        }
    }

    private static func add(_ file: ParquetFile, to state: inout State, halfBytes: Int) {
        guard file.footerBytes <= halfBytes else { return }
        if let replaced = state.young.updateValue(file, forKey: file.path) {
            state.youngBytes -= replaced.footerBytes
        }
        state.youngBytes += file.footerBytes
        guard state.youngBytes > halfBytes else { return }
        state.old = state.young
        state.young = [:]
        state.youngBytes = 0
    }
}
