/// One generated post file: every media type and connection type of the Graph API, written by us.
struct SamplePost {
    let seed: Int
    let account: SampleAccount
    let number: Int
    /// Days before the sample's last day.
    let ageDays: Int
    /// How many nights of new counts the file has seen.
    let countsVersion: Int
    /// How many times the CDN links were signed anew.
    let linksVersion: Int

    private static let mediaTypes = [
        "IMAGE", "IMAGE", "IMAGE", "CAROUSEL_ALBUM", "CAROUSEL_ALBUM", "VIDEO", "VIDEO",
        "STORY_IMAGE", "STORY_VIDEO",
    ]
    private static let words = [
        "sunset", "coffee", "launch", "studio", "weekend", "harbour", "recipe", "training",
        "behind the scenes", "new drop", "thank you", "früher Morgen", "mañana", "東京", "☀️", "🎉",
        "\\\"limited\\\"", "line one\\nline two",
    ]
    private static let tags = [
        "travel", "food", "fitness", "fashion", "art", "music", "design", "berlin", "surf", "diy",
    ]

    /// 17 digits: above 2^53, as real ids are.
    var id: String { "178\(10_000_000_000_000 + account.number * 10_000 + number)" }

    func json(lastDay: Int) -> String {
        var random = SampleRandom(seed, account.number, number)
        let mediaType = Self.mediaTypes[random.below(Self.mediaTypes.count)]
        let isStory = mediaType.hasPrefix("STORY")
        let second = random.below(86_400)
        var fields = [
            "\"id\": \"\(id)\"",
            "\"ig_id\": \"\(2_300_000_000_000_000_000 + account.number * 100_000 + number)\"",
            "\"media_type\": \"\(mediaType)\"",
            "\"timestamp\": \"\(SampleTime.text(day: lastDay - ageDays, second: second))+0000\"",
            "\"username\": \"\(account.username)\"",
            "\"shortcode\": \"C\(String(account.number * 10_000 + number, radix: 36))\"",
            "\"permalink\": \"https://www.instagram.com/p/C\(account.number)x\(number)/\"",
            "\"is_comment_enabled\": \(random.chance(95))",
            owner(&random),
        ]
        fields += text(&random)
        fields += links(mediaType: mediaType, number: number)
        let counts = isStory ? storyCounts() : postCounts(isVideo: mediaType == "VIDEO")
        fields += counts
        if mediaType == "CAROUSEL_ALBUM" { fields.append(children(&random)) }
        if !isStory, random.chance(60) { fields.append(comments(&random)) }
        return "{" + fields.joined(separator: ", ") + "}\n"
    }

    private func owner(_ random: inout SampleRandom) -> String {
        let followers =
            account.isBusiness ? ", \"followers_count\": \(account.followers + countsVersion)" : ""
        return "\"owner\": {\"id\": \"\(account.id)\", \"username\": \"\(account.username)\""
            + followers + "}"
    }

    private func text(_ random: inout SampleRandom) -> [String] {
        var fields: [String] = []
        let chosen = (0..<random.below(4)).map { _ in Self.tags[random.below(Self.tags.count)] }
        if random.chance(92) {
            let body = (0..<(2 + random.below(8)))
                .map { _ in Self.words[random.below(Self.words.count)] }
                .joined(separator: " ")
            let marks = chosen.map { " #" + $0 }.joined()
            fields.append("\"caption\": \"\(body)\(marks)\"")
        }
        if !chosen.isEmpty { fields.append("\"hashtags\": \"\(chosen.joined(separator: ","))\"") }
        if random.chance(15) {
            fields.append("\"mentioned_users\": \"account_\(random.below(2_000))\"")
        }
        return fields
    }

    private func links(mediaType: String, number: Int) -> [String] {
        var fields: [String] = []
        if mediaType != "STORY_VIDEO" { fields.append("\"media_url\": \"\(link("m", number))\"") }
        if mediaType.hasSuffix("VIDEO") {
            fields.append("\"thumbnail_url\": \"\(link("t", number))\"")
        }
        return fields
    }

    /// A signed CDN link: the signature changes whenever the API is asked again.
    private func link(_ kind: String, _ part: Int) -> String {
        var random = SampleRandom(seed, account.number, number, part, linksVersion, 7)
        let signature = String(random.next(), radix: 16) + String(random.next(), radix: 16)
        return "https://scontent.cdninstagram.com/v/t51.29350-15/\(kind)\(id)_\(part).jpg"
            + "?_nc_cat=1&oh=\(signature)&oe=\(String(random.next() >> 32, radix: 16))"
    }

    private func postCounts(isVideo: Bool) -> [String] {
        var random = SampleRandom(seed, account.number, number, countsVersion, 3)
        let likes = random.tail(account.followers / 40 + 3)
        var fields = [
            "\"like_count\": \(likes)", "\"comments_count\": \(likes / 30 + random.below(4))",
        ]
        guard account.isBusiness else { return fields }
        let reach = likes * 9 + random.below(500)
        fields += [
            "\"impressions\": \(reach + random.below(400))", "\"reach\": \(reach)",
            "\"engagement\": \(likes + likes / 30)", "\"saved\": \(likes / 25)",
        ]
        if isVideo { fields.append("\"video_views\": \(reach + likes)") }
        return fields
    }

    private func storyCounts() -> [String] {
        guard account.isBusiness else { return [] }
        var random = SampleRandom(seed, account.number, number, countsVersion, 5)
        let reach = random.tail(account.followers / 10 + 5)
        return [
            "\"impressions\": \(reach + reach / 8)", "\"reach\": \(reach)",
            "\"sticker_taps\": \(random.below(9))", "\"tap_backs\": \(random.below(30))",
            "\"swipe_ups\": \(random.below(12))",
        ]
    }

    private func children(_ random: inout SampleRandom) -> String {
        let items = (0..<(2 + random.below(4))).map { part in
            "{\"id\": \"\(id)\(part)\", \"media_type\": \"IMAGE\", \"media_url\": \"\(link("c", part))\"}"
        }
        return "\"children\": {\"data\": [\(items.joined(separator: ", "))]}"
    }

    private func comments(_ random: inout SampleRandom) -> String {
        let items = (0..<random.below(3)).map { part in
            "{\"like_count\": \(random.below(20)), \"id\": \"179\(id.dropFirst(3))\(part)\"}"
        }
        return "\"comments\": {\"data\": [\(items.joined(separator: ", "))]}"
    }
}
