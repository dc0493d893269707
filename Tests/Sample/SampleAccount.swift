/// One generated account; a third of them have the business connection.
struct SampleAccount {
    let number: Int
    let followers: Int
    let isBusiness: Bool
    /// Days between two posts, at least one.
    let daysPerPost: Int

    init(number: Int, seed: Int) {
        var random = SampleRandom(seed, number)
        self.number = number
        followers = random.tail(4_000) + 40
        isBusiness = random.chance(33)
        daysPerPost = 1 + random.below(4)
    }

    var id: String { "17841\(400_000_000_000 + number * 7)" }
    var username: String { "account_\(number)" }

    /// The day's figures of this account, as the API gives them.
    func stats(seed: Int, day: Int, version: Int) -> String {
        var random = SampleRandom(seed, number, day, version, 11)
        var fields = [
            "\"created_at\": \"\(SampleTime.date(day))\"", "\"id\": \"\(id)\"",
            "\"ig_id\": \(3_000_000_000 + number)", "\"username\": \"\(username)\"",
            "\"name\": \"Account \(number)\"",
            "\"biography\": \"Number \(number) in the sample\"",
            "\"followers_count\": \(followers + day % 1_000 + random.below(10))",
            "\"follows_count\": \(random.below(900))", "\"media_count\": \(25 + day % 50)",
            "\"profile_picture_url\": \"https://scontent.cdninstagram.com/p/\(number).jpg?oh=\(version)\"",
        ]
        if isBusiness {
            let reach = random.tail(followers / 5 + 10)
            fields += [
                "\"website\": \"https://example.com/\(number)\"",
                "\"impressions\": \(reach + random.below(100))", "\"reach\": \(reach)",
                "\"follower_count\": \(random.below(60))",
                "\"email_contacts\": \(random.below(3))",
                "\"phone_call_clicks\": \(random.below(3))",
                "\"text_message_clicks\": 0", "\"get_directions_clicks\": \(random.below(4))",
                "\"website_clicks\": \(random.below(25))",
                "\"profile_views\": \(random.below(400))",
            ]
        }
        return "{" + fields.joined(separator: ", ") + "}\n"
    }
}
