#!/usr/bin/env python3
"""Real posts as raw files, and what they must add up to; Python's standard library only.

    split_real_input.py split DATA RAW    DATA is the folder of sample data, RAW a raw folder to fill
    split_real_input.py expect RAW        prints one `name value` a line, sorted, read from RAW alone

RAW gets the layouts of schemas/tweets.json, graph_media.json, comments.json, insights.json and
pinterest_*.json: one record a file. Files are written once and as their source had them.
"""
import collections
import datetime
import json
import pathlib
import sys


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def media_objects(value):
    """Media objects of a Graph API answer; not the children inside them."""
    if isinstance(value, list):
        for item in value:
            yield from media_objects(item)
    elif isinstance(value, dict):
        if "id" in value and "text" not in value and (
                "media_type" in value or "permalink" in value or "media_url" in value):
            yield value
        else:
            for item in value.values():
                yield from media_objects(item)


def split(data, raw):
    for name in sorted((data / "tweets_public_figure").glob("*.jsonl")):
        for line in name.open(encoding="utf-8"):
            tweet = json.loads(line)
            write(raw / "tweets" / f"{tweet['id_str']}.json", tweet)
    fixtures = data / "instagram_graph_fixtures"
    for name in sorted(fixtures.rglob("*.json")):
        source = "-".join(name.relative_to(fixtures).with_suffix("").parts)
        for media in media_objects(json.loads(name.read_text(encoding="utf-8"))):
            write(raw / "graph_media" / source / f"{media['id']}.json", media)
        split_comments_and_insights(name, source, raw / "instagram_graph")
    for kind in ("pin", "geo", "user"):
        for number, line in enumerate((data / "pinterest_pins" / f"{kind}.jsonl").open(encoding="utf-8")):
            write(raw / "topics" / f"x.{kind}" / "partition=0" / f"{number}.json", json.loads(line))


def split_comments_and_insights(name, source, raw):
    answer = json.loads(name.read_text(encoding="utf-8"))
    answers = answer.get("data", []) if isinstance(answer, dict) else []
    for item in answers:
        if isinstance(item, dict) and "text" in item and "timestamp" in item:
            write(raw / "comments" / source / f"{item['id']}.json", item)
    if any(isinstance(item, dict) and "period" in item for item in answers):
        write(raw / "insights" / f"{source}.json", answer)


def instant(text):
    for form in ("%a %b %d %H:%M:%S %z %Y", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"):
        try:
            return datetime.datetime.strptime(text, form).astimezone(datetime.timezone.utc)
        except ValueError:
            pass
    raise ValueError(text)


def suffixed(text):
    powers = {"k": 1000, "M": 1000000}
    return int(text[:-1]) * powers[text[-1]] if text[-1] in powers else int(text)


def expect_pinterest(kind, record, facts):
    if kind == "pin":
        if record["follower_count"] not in (None, "User Info Error"):
            facts["pin.follower_count"] += suffixed(record["follower_count"])
        facts["pin.tags"] += len([tag for tag in (record["tag_list"] or "").split(",") if tag.strip()])
        if not record["description"].startswith("No description available"):
            facts["pin.descriptions"] += 1
        facts["pin.image_src"] += record["image_src"] is not None
        facts["pin.folder_code_points"] += len(record["save_location"].removeprefix("Local save in "))
    elif kind == "geo":
        facts["geo.north"] += record["coordinates"][0] > 0
        facts["geo.east"] += record["coordinates"][1] > 0
        facts["geo.timestamp_seconds"] += int(instant(record["timestamp"]).timestamp())
    else:
        facts["user.age"] += int(record["age"])
        facts["user.name_code_points"] += len(record["user_name"])
        facts["user.date_joined_seconds"] += int(instant(record["date_joined"]).timestamp())


def expect(raw):
    facts = collections.Counter()
    for path in (raw / "tweets").glob("*.json"):
        tweet = json.loads(path.read_text(encoding="utf-8"))
        created = instant(tweet["created_at"])
        facts["tweets.rows"] += 1
        facts["tweets.id_digits"] += sum(map(int, tweet["id_str"]))
        facts["tweets.retweet_count"] += tweet["retweet_count"]
        facts["tweets.favorite_count"] += tweet["favorite_count"]
        facts["tweets.text_code_points"] += len(tweet.get("full_text", tweet.get("text", "")))
        facts["tweets.created_at_seconds"] += int(created.timestamp())
        facts[f"tweets.month.{(created.year - 1970) * 12 + created.month - 1}"] += 1
        facts["tweets.is_retweet"] += tweet.get("is_retweet") is True
        facts["tweets.replies"] += tweet.get("in_reply_to_user_id_str") is not None
        entities = tweet.get("entities", {})
        facts["tweets.hashtags"] += len(entities.get("hashtags", []))
        facts["tweets.user_mentions"] += len(entities.get("user_mentions", []))
        facts["tweets.urls"] += len(entities.get("urls", []))
        facts["tweets.user_followers"] += tweet.get("user", {}).get("followers_count", 0)
    for path in (raw / "graph_media").glob("*/*.json"):
        media = json.loads(path.read_text(encoding="utf-8"))
        facts["graph_media.rows"] += 1
        facts["graph_media.like_count"] += media.get("like_count", 0)
        facts["graph_media.comments_count"] += media.get("comments_count", 0)
        facts["graph_media.caption_code_points"] += len(media.get("caption", ""))
        facts["graph_media.owners"] += "owner" in media
        facts["graph_media.children"] += len(media.get("children", {}).get("data", []))
        if "timestamp" in media:
            facts["graph_media.timestamps"] += 1
            facts["graph_media.timestamp_seconds"] += int(instant(media["timestamp"]).timestamp())
    for path in (raw / "instagram_graph" / "comments").glob("*/*.json"):
        comment = json.loads(path.read_text(encoding="utf-8"))
        facts["comments.rows"] += 1
        facts["comments.text_code_points"] += len(comment["text"])
        facts["comments.timestamp_seconds"] += int(instant(comment["timestamp"]).timestamp())
    for path in (raw / "instagram_graph" / "insights").glob("*.json"):
        facts["insights.rows"] += 1
        metrics = {}
        for metric in json.loads(path.read_text(encoding="utf-8"))["data"]:
            values = [value["value"] for value in metric.get("values", [])]
            total = metric.get("total_value", {}).get("value")
            metrics.setdefault(metric["name"], values[0] if values else total)
        for metric in ("impressions", "reach", "saved", "profile_activity"):
            if isinstance(metrics.get(metric), int):
                facts[f"insights.{metric}"] += metrics[metric]
    for kind in ("pin", "geo", "user"):
        newest = {}
        paths = (raw / "topics" / f"x.{kind}" / "partition=0").glob("*.json")
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            record = json.loads(path.read_text(encoding="utf-8"))
            newest[record.get("ind", record.get("index"))] = record
        facts[f"{kind}.rows"] += len(newest)
        for record in newest.values():
            expect_pinterest(kind, record, facts)
    for name in sorted(facts):
        if facts[name]:
            print(name, facts[name])


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "split":
        split(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    elif len(sys.argv) == 3 and sys.argv[1] == "expect":
        expect(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
