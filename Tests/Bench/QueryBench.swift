/// Queries as whole processes; each beside the cheapest whole process, `select 1`.
struct QueryBench {
    let lake: String
    let lakeFolder: String

    static let queries: [(name: String, sql: String)] = [
        ("count", "select count(*) from posts"),
        (
            "group by media type",
            "select media_type, count(*), sum(like_count), avg(like_count) from posts group by 1"
        ),
        (
            "top accounts",
            "select username, sum(like_count) as likes from posts group by 1 order by 2 desc limit 10"
        ),
        ("text search", "select count(*) from posts where caption like '%sunset%'"),
        ("distinct accounts", "select count(distinct owner.id) from posts"),
        (
            "per day",
            "select date_trunc('day', timestamp), count(*) from posts group by 1 order by 1"
        ),
        ("one post", "select caption, like_count from posts where id = '17810000000010003'"),
        (
            "hashtags",
            "select t.tag, count(*) from posts cross join unnest(hashtags) as t (tag) group by 1"
        ),
        (
            "join with stats",
            "select count(*), sum(s.followers_count) from posts p join stats s on p.owner.id = s.id"
        ),
    ]

    func run() {
        Report.heading("queries, whole process, best of three")
        let floor = best("select 1")
        Report.line("select 1", milliseconds(floor))
        for query in Self.queries {
            let figures = best(query.sql)
            Report.line(
                query.name, "\(milliseconds(figures)), \(figures.peakMiB) MiB",
                ratio: figures.wallSeconds / floor.wallSeconds, to: "select 1")
        }
    }

    private func best(_ sql: String) -> ProcessFigures {
        let runs = (0..<3).map { _ in
            ChildProcess.run([lake, "query", "--lake", lakeFolder, sql])
        }
        return runs.min { $0.wallSeconds < $1.wallSeconds } ?? runs[0]
    }

    private func milliseconds(_ figures: ProcessFigures) -> String {
        "\(Report.decimal(figures.wallSeconds * 1e3, 1)) ms"
    }
}
