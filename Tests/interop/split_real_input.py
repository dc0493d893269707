#!/usr/bin/env python3
"""Real posts as raw files, and what they must add up to; Python's standard library only.

    split_real_input.py split DATA RAW    DATA is the folder of sample data, RAW a raw folder to fill
    split_real_input.py expect RAW        prints one `name value` a line, sorted, read from RAW alone

RAW gets tweets/{id_str}.json and graph_media/{source}/{media_id}.json: the layouts of
schemas/tweets.json and schemas/graph_media.json. Files are written once and as their source had them.
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


def instant(text):
    for form in ("%a %b %d %H:%M:%S %z %Y", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            return datetime.datetime.strptime(text, form).astimezone(datetime.timezone.utc)
        except ValueError:
            pass
    raise ValueError(text)


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
