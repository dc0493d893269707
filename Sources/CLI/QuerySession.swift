import Columnar
import Query

extension Surroundings {
    /// A session over a catalog, with the machine's cores and memory unless `--threads` and `--memory` say less.
    func session(
        _ arguments: Arguments, command: String, catalog: any Catalog
    ) throws(CommandError) -> Session {
        let memory = try arguments.integer("memory", minimum: 1, command: command)
        return Session(
            catalog: catalog,
            context: SessionContext(
                nowMicros: nowMicros(), randomSeed: Clock.randomSeed(),
                user: environment["USER"] ?? "lake"),
            options: SessionOptions(
                workerCount: try workers(arguments, command: command),
                memoryLimitBytes: (memory ?? Machine.memoryMiB() / 2) << 20),
            clock: { Clock.monotonicNanos() })
    }

    /// `--threads`, else all cores.
    func workers(_ arguments: Arguments, command: String) throws(CommandError) -> Int {
        try arguments.integer("threads", minimum: 1, command: command) ?? Machine.cores()
    }
}
