import Glibc

/// The raw folder of a sample agency: written once, then rewritten night by night.
struct SampleTree {
    let root: String
    let seed: Int
    let accounts: Int
    let postsPerAccount: Int
    let statsDays: Int
    /// Day number of the newest posts and figures.
    let lastDay: Int

    private var posts: String { root + "/instagram_graph/posts" }
    private var stats: String { root + "/instagram_graph/stats" }

    /// Writes every file as first fetched.
    ///
    /// Returns how many.
    func create() -> Int {
        var files = 0
        for number in 0..<accounts {
            let account = SampleAccount(number: number, seed: seed)
            files += writePosts(account, night: 0)
            let folder = "\(stats)/\(account.id)"
            makeFolder(folder)
            for day in 0..<statsDays {
                let date = lastDay - day
                write(
                    account.stats(seed: seed, day: date, version: 0),
                    to: "\(folder)/\(SampleTime.date(date)).json")
                files += 1
            }
        }
        return files
    }

    /// Rewrites every account's newest posts as the API client does at night: a third with new counts,
    /// a third with only newly signed links, a third byte for byte the same; adds the day's figures.
    func rewrite(night: Int) -> Int {
        var files = 0
        for number in 0..<accounts {
            let account = SampleAccount(number: number, seed: seed)
            files += writePosts(account, night: night)
            let date = lastDay + night
            write(
                account.stats(seed: seed, day: date, version: 0),
                to: "\(stats)/\(account.id)/\(SampleTime.date(date)).json")
            files += 1
        }
        return files
    }

    private func writePosts(_ account: SampleAccount, night: Int) -> Int {
        let folder = "\(posts)/\(account.id)"
        makeFolder(folder)
        for number in 0..<postsPerAccount {
            var counts = 0
            var links = 0
            for past in stride(from: 1, through: night, by: 1) {
                var random = SampleRandom(seed, account.number, number, past, 13)
                switch random.below(3) {
                case 0: counts += 1
                case 1: links += 1
                default: break
                }
            }
            let post = SamplePost(
                seed: seed, account: account, number: number,
                ageDays: number * account.daysPerPost, countsVersion: counts,
                linksVersion: links)
            write(post.json(lastDay: lastDay), to: "\(folder)/\(post.id).json")
        }
        return postsPerAccount
    }

    private func makeFolder(_ path: String) {
        var prefix = ""
        for part in path.split(separator: "/") {
            prefix += "/" + part
            mkdir(prefix, 0o755)
        }
    }

    private func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { fail("open \(path)") }
        defer { close(descriptor) }
        var text = text
        let isWhole = text.withUTF8 { bytes in
            Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count
        }
        guard isWhole else { fail("write \(path)") }
    }

    private func fail(_ what: String) -> Never {
        SampleFailure.stop("lake-sample: \(what): \(String(cString: strerror(errno)))")
    }
}
