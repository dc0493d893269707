import Foundation
import Testing

/// Real posts, compacted with their own schema files, must add up to what plain Python finds in the files.
///
/// The data is not part of the package: without it these tests say that they are skipped.
@Suite struct RealInputTests {
    @Test(.enabled(if: BuiltProgram.sharedData != nil, "skipped: the sample data is not here"))
    func everySourceAddsUp() throws {
        let data = try #require(BuiltProgram.sharedData)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/split_real_input.py").path
        for command in [
            "python3 \(script) split \(data) raw", "lake init mylake --raw raw",
            "lake compact --lake mylake",
        ] {
            let (status, text) = try BuiltProgram.run(command, in: folder)
            try #require(status == 0, "\(command): \(text)")
        }
        let expected = try BuiltProgram.run("python3 \(script) expect raw", in: folder)
        try #require(expected.status == 0, "\(expected.text)")
        let facts = expected.text.split(separator: "\n").map { $0.split(separator: " ") }
        try #require(facts.count > 5)
        for fact in facts {
            let name = String(fact[0])
            guard let sql = Self.query(of: name) else {
                Issue.record("no query for the fact \(name)")
                continue
            }
            let (status, text) = try BuiltProgram.run(
                "lake query --lake mylake -q --format tsv \"\(sql)\" | tail -n +2", in: folder)
            #expect(status == 0)
            #expect(
                text.trimmingCharacters(in: .whitespacesAndNewlines) == String(fact[1]), "\(name)")
        }
    }
}

extension RealInputTests {
    /// The SQL of each fact; months are numbered from January 1970 on.
    static func query(of fact: String) -> String? {
        if let month = fact.split(separator: ".").last, fact.hasPrefix("tweets.month.") {
            return """
                select count(*) from tweets
                where (year(created_at) - 1970) * 12 + month(created_at) - 1 = \(month)
                """
        }
        return queries[fact]
    }

    private static let queries = [
        "tweets.rows": "select count(*) from tweets",
        "tweets.id_digits":
            "select sum(reduce(transform(regexp_extract_all(id, '.'), d -> cast(d as bigint)), cast(0 as bigint), (s, d) -> s + d, s -> s)) from tweets",
        "tweets.retweet_count": "select sum(retweet_count) from tweets",
        "tweets.favorite_count": "select sum(favorite_count) from tweets",
        "tweets.text_code_points": "select sum(length(text)) from tweets",
        "tweets.created_at_seconds":
            "select cast(sum(cast(to_unixtime(created_at) as bigint)) as bigint) from tweets",
        "tweets.is_retweet": "select count_if(is_retweet) from tweets",
        "tweets.replies": "select count(in_reply_to_user_id) from tweets",
        "tweets.hashtags": "select sum(cardinality(hashtags)) from tweets",
        "tweets.user_mentions": "select sum(cardinality(user_mentions)) from tweets",
        "tweets.urls": "select sum(cardinality(urls)) from tweets",
        "tweets.user_followers": "select sum(user.followers_count) from tweets",
        "comments.rows": "select count(*) from comments",
        "comments.text_code_points": "select sum(length(text)) from comments",
        "comments.timestamp_seconds":
            "select sum(cast(to_unixtime(timestamp) as bigint)) from comments",
        "insights.rows": "select count(*) from insights",
        "insights.impressions": "select sum(impressions) from insights",
        "insights.reach": "select sum(reach) from insights",
        "insights.saved": "select sum(saved) from insights",
        "insights.profile_activity": "select sum(profile_activity) from insights",
        "pin.rows": "select count(*) from pinterest_pins",
        "pin.follower_count": "select sum(follower_count) from pinterest_pins",
        "pin.tags": "select sum(cardinality(tag_list)) from pinterest_pins",
        "pin.descriptions": "select count(description) from pinterest_pins",
        "pin.image_src": "select count(image_src) from pinterest_pins",
        "pin.folder_code_points": "select sum(length(save_location)) from pinterest_pins",
        "geo.rows": "select count(*) from pinterest_geo",
        "geo.north": "select count_if(latitude > 0) from pinterest_geo",
        "geo.east": "select count_if(coordinates[2] > 0) from pinterest_geo",
        "geo.timestamp_seconds":
            "select sum(cast(to_unixtime(timestamp) as bigint)) from pinterest_geo",
        "user.rows": "select count(*) from pinterest_users",
        "user.age": "select sum(age) from pinterest_users",
        "user.name_code_points": "select sum(length(user_name)) from pinterest_users",
        "user.date_joined_seconds":
            "select sum(cast(to_unixtime(date_joined) as bigint)) from pinterest_users",
        "graph_media.rows": "select count(*) from graph_media",
        "graph_media.like_count": "select sum(like_count) from graph_media",
        "graph_media.comments_count": "select sum(comments_count) from graph_media",
        "graph_media.caption_code_points": "select sum(length(caption)) from graph_media",
        "graph_media.owners": "select count(owner_id) from graph_media",
        "graph_media.children": "select sum(cardinality(children)) from graph_media",
        "graph_media.timestamps": "select count(timestamp) from graph_media",
        "graph_media.timestamp_seconds":
            "select sum(cast(to_unixtime(timestamp) as bigint)) from graph_media",
    ]
}
