import CXXHash
import Columnar

/// Raw files in, columns out: one JSON document becomes one row of a table.
///
///     bytes ─► JSONParser ─► RowStager (walk, coerce, check, hash) ─► RowColumns ─► Batch
///                 rejected ◄──────┘            │ stage                  ▲ commit
///                                              └── row identity ──► caller decides
///
/// `stage` appends nothing: the caller looks at key and hash and either commits the row or goes on. One
/// flattener serves one thread.
package final class Flattener {
    package let definition: TableDefinition
    private let parser: JSONParser
    private var stager: RowStager
    private let columns: RowColumns
    private var staged: (path: String, ingestedAtMicros: Int64)?
    /// Values of committed rows that did not fit their column and went to `_extra`, by column.
    package private(set) var driftCounts: [Int]

    package init(definition: TableDefinition, pool: BufferPool) throws(LakeError) {
        self.definition = definition
        driftCounts = Array(repeating: 0, count: definition.columns.count)
        let plan = FlattenPlan(definition)
        do throws(ColumnarError) {
            parser = try JSONParser()
            stager = try RowStager(definition, plan: plan, pool: pool)
            columns = try RowColumns(plan, pool: pool)
        } catch {
            throw .columnar(error)
        }
    }

    /// Rows committed since the last batch.
    package var rowCount: Int { columns.rowCount }

    /// Parses and checks one file and stages its row.
    ///
    /// `bytes` must be followed by `JSONParser.paddingBytes` readable bytes; `path` is relative to the raw
    /// folder. Throws only what is not the file's fault: memory.
    package func stage(
        bytes: UnsafeRawBufferPointer, path: String, ingestedAtMicros: Int64
    ) throws(LakeError) -> FlattenOutcome {
        staged = nil
        do throws(ColumnarError) {
            let document = try parser.parseKeepingLongIntegers(bytes)
            let outcome = try stage(document, path: path)
            if case .row = outcome { staged = (path, ingestedAtMicros) }
            return outcome
        } catch .json(let reason, let position, _) {
            return .rejected(.json(reason: reason, position: position))
        } catch .limit(_, let value, let limit, _) {
            return .rejected(.tooLarge(bytes: value, limit: limit))
        } catch {
            throw .columnar(error)
        }
    }

    /// The staged row in `RowEncoding`, for a caller that keeps rows as bytes; lives until the next `stage`.
    var stagedBytes: (stable: UnsafeRawBufferPointer, volatile: UnsafeRawBufferPointer) {
        (stager.sections.base[0].bytes, stager.sections.base[1].bytes)
    }

    /// A hash of the whole staged row, volatile columns included.
    var stagedHash: UInt64 {
        let (stable, volatile) = stagedBytes
        let seed = XXH3_64bits(stable.baseAddress, stable.count)
        return XXH3_64bits_withSeed(volatile.baseAddress, volatile.count, seed)
    }

    /// Ends the staged row without appending it: the caller has taken `stagedBytes`.
    func release() {
        staged = nil
        guard stager.hasDrift else { return }
        for i in driftCounts.indices { driftCounts[i] += stager.drift.base[i] }
    }

    /// Appends the staged row; does nothing when none is staged.
    package func commit() throws(LakeError) {
        guard let row = staged else { return }
        var path = row.path
        var failure: ColumnarError?
        path.withUTF8 { bytes in
            do throws(ColumnarError) {
                try columns.append(
                    stable: stagedBytes.stable, volatile: stagedBytes.volatile,
                    path: UnsafeRawBufferPointer(bytes), ingestedAtMicros: row.ingestedAtMicros)
            } catch {
                failure = error
            }
        }
        if let failure { throw .columnar(failure) }
        release()
    }

    /// The staged row's value of a column in `RowEncoding`, NULL mark first; lives until the next `stage`.
    func stagedValue(ofColumn column: Int) -> UnsafeRawPointer { stager.value(ofColumn: column) }

    /// The committed rows in the schema's column order; the flattener is empty afterwards.
    package func finishBatch() throws(LakeError) -> Batch {
        do throws(ColumnarError) {
            return try columns.finish()
        } catch {
            throw .columnar(error)
        }
    }

    private func stage(
        _ document: JSONElement, path: String
    ) throws(ColumnarError) -> FlattenOutcome {
        var path = path
        var failure: ColumnarError?
        let outcome: FlattenOutcome? = path.withUTF8 { bytes in
            do throws(ColumnarError) {
                return try stager.stage(document, path: UnsafeRawBufferPointer(bytes))
            } catch {
                failure = error
                return nil
            }
        }
        guard let outcome else {
            throw failure ?? .memoryLimit(requestedBytes: 0, limitBytes: 0)
        }
        return outcome
    }
}
