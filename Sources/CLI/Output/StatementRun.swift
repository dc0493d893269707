import Columnar
import Query

/// Runs one prepared statement into a sink, with a progress line and SIGINT as its end.
struct StatementRun {
    let session: Session
    let terminal: Terminal

    /// What came of it, and the bytes of the file that was made.
    func run(
        _ statement: PreparedStatement, into sink: any ResultSink, hidesProgress: Bool
    ) throws(QueryError) -> (statistics: QueryStatistics, fileBytes: Int?) {
        let stream = ResultStream(statement.columns, sink, hidesProgress: hidesProgress)
        let control = session.makeControl()
        Interruption.install()
        let progress = QueryProgress(control, expectedRows: statement.scanRows, terminal)
        defer { progress.stop() }
        try storage { () throws(ColumnarError) in try stream.begin(progress) }
        let result = try session.run(statement, control: control) {
            (batch) throws(QueryError) in
            try stream.print(batch)
        }
        progress.stop()
        let bytes = try storage { () throws(ColumnarError) in try stream.end() }
        return (result.statistics, bytes)
    }
}
