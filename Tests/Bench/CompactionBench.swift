/// Compactions of a sample agency: the first, one with nothing changed, one after a night.
struct CompactionBench {
    let lake: String
    let sample: String
    let root: String
    let accounts: Int

    private var raw: String { root + "/raw" }
    private var size: [String] {
        ["--accounts", "\(accounts)", "--posts", "25", "--days", "10"]
    }

    func run() {
        Report.heading("compaction of \(accounts) accounts: 25 posts, 10 days of figures each")
        _ = ChildProcess.run([sample, "create", raw] + size)
        let read = TreeBaseline.walkReadAndHash(raw)
        let files = Double(read.baseline.files)
        Report.line(
            "walk, read and hash \(read.baseline.files) files",
            perFile(read.coreSeconds, files))
        _ = ChildProcess.run([lake, "init", root + "/lake", "--raw", raw])
        report("first compaction", compact(), files, read.coreSeconds, "walk, read and hash")

        let walk = TreeBaseline.walkAndStat(raw)
        Report.line("walk and stat", perFile(walk.coreSeconds, files))
        // The first run's files are too young to trust by stat alone; this run reads them again.
        _ = compact()
        report("nothing changed", compact(), files, walk.coreSeconds, "walk and stat")

        _ = ChildProcess.run([sample, "night", raw] + size)
        report(
            "a night: all rewritten, a third changed", compact(), files, read.coreSeconds,
            "walk, read and hash")
    }

    private func compact() -> ProcessFigures {
        ChildProcess.run([lake, "compact", "--lake", root + "/lake"])
    }

    private func perFile(_ seconds: Double, _ files: Double) -> String {
        "\(Report.decimal(seconds / files * 1e6, 2)) µs of core time a file"
    }

    private func report(
        _ what: String, _ figures: ProcessFigures, _ files: Double, _ baseline: Double,
        _ other: String
    ) {
        Report.line(
            what,
            "\(perFile(figures.coreSeconds, files)), \(figures.peakMiB) MiB",
            ratio: figures.coreSeconds / baseline, to: other)
    }
}
