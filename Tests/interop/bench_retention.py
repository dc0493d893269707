"""Sweeps a sample agency's old posts into the cold tier and asks some of them back, in one run.

usage: bench_retention.py LAKE LAKE_SAMPLE FOLDER [--accounts N] [--posts N]

The tree has --posts posts an account, one every few days up to today, so that most are past the 180 days of the
shipped policy. FOLDER is left there. Told are bytes a post (raw tree, hot, cold), the sweep's rate and memory, the
time to restore one account and one day, and queries over the swept lake against a lake that only ever had what
is still hot. Figures are wall seconds, processor seconds of whole processes and peak memory; times are the machine's.
"""
import datetime
import glob
import json
import os
import shutil
import sys

from bench_compaction import run

HERE = os.path.dirname(os.path.abspath(__file__))

QUESTIONS = [
    "select count(*) from posts",
    "select media_type, count(*), avg(like_count) from posts where timestamp >= date '{recent}' group by 1",
    "select username, sum(engagement) from posts where timestamp >= date '{recent}' group by 1 order by 2 desc limit 5",
    "select count(distinct user_id), min(timestamp), max(timestamp) from posts",
    "select id, caption, like_count from posts where user_id = '{account}' and timestamp >= date '{recent}' order by timestamp limit 5",
]


def sizes(folder, ending=""):
    """Files, bytes, and bytes on the disk with 256 of an inode each, below a folder."""
    files = held = disk = 0
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(ending):
                status = os.lstat(os.path.join(path, name))
                files, held, disk = files + 1, held + status.st_size, disk + status.st_blocks * 512 + 256
    return files, held, disk


def say(what, figures, note=""):
    print(f"{what:34} {figures.wall:8.2f} s wall  {figures.core:8.2f} s core  {figures.peak_mib:6.0f} MiB  {note}",
          flush=True)


def best(words, environment, times=7):
    return min((run(words, env=environment) for _ in range(times)), key=lambda figures: figures.wall)


def main():
    lake, sample, folder = (os.path.abspath(word) for word in sys.argv[1:4])
    options = dict(zip(sys.argv[4::2], sys.argv[5::2]))
    accounts, posts = int(options.get("--accounts", 4000)), int(options.get("--posts", 250))
    today = datetime.date.today()
    # Two days on, the files of today have been left alone for long enough.
    now = today + datetime.timedelta(days=2)
    environment = dict(os.environ, LAKE_SCHEMAS=os.path.join(HERE, "..", "..", "schemas"), LAKE_NOW=f"{now}T12:00:00Z")
    raw, swept, fresh = (os.path.join(folder, name) for name in ("raw", "swept", "fresh"))
    for path in (swept, fresh):
        shutil.rmtree(path, ignore_errors=True)
    if not os.path.exists(raw):
        run([sample, "create", raw, "--accounts", str(accounts), "--posts", str(posts), "--days", "0",
             "--today", str(today)])

    files, held, disk = sizes(raw, ".json")
    print(f"{files} raw files: {held / files:.0f} bytes each, {disk / files:.0f} on the disk")
    run([lake, "init", swept, "--raw", raw], env=environment)
    say("first compaction", run([lake, "compact", "--lake", swept], env=environment))
    _, tables, _ = sizes(os.path.join(swept, "tables"), ".parquet")
    plan = json.loads(run([lake, "sweep", "--lake", swept, "--dry-run", "--json"], env=environment).output)
    sweep = run([lake, "sweep", "--lake", swept, "--plan", plan["plan"], "--json"], env=environment)
    left, _, _ = sizes(raw, ".json")
    say("sweep", sweep, f"{(files - left) / sweep.wall:.0f} raw files a second, {sweep.core / (files - left) * 1e6:.1f} µs each")
    packs, packed, packed_disk = sizes(os.path.join(swept, "cold", "packs"))
    _, cold, _ = sizes(os.path.join(swept, "cold", "tables"))
    gone = files - left
    print(f"{gone} files in {packs} packs: {packed / gone:.0f} bytes a post, {disk / files * gone / packed_disk:.1f}x smaller"
          f" on the disk; their rows in cold Parquet {cold / gone:.0f} bytes a post; hot Parquet was {tables / files:.0f}")
    say("nothing to sweep", run([lake, "sweep", "--lake", swept], env=environment))
    say("a run that finds nothing new", run([lake, "compact", "--lake", swept], env=environment))

    run([lake, "init", fresh, "--raw", raw], env=environment)
    run([lake, "compact", "--lake", fresh], env=environment)
    account = sorted(glob.glob(os.path.join(raw, "instagram_graph", "posts", "*")))[accounts // 2].rsplit("/", 1)[1]
    ratio = 1.0
    for question in QUESTIONS:
        text = question.format(recent=now - datetime.timedelta(days=30), account=account)
        one, other = (best([lake, "query", "--lake", path, "--format", "csv", text], environment) for path in (swept, fresh))
        same = "same answer" if one.output == other.output else "ANSWERS DIFFER"
        ratio *= (one.wall / other.wall) ** (1 / len(QUESTIONS))
        print(f"  {one.wall * 1000:7.1f} ms swept, {other.wall * 1000:7.1f} ms never had it, "
              f"{one.wall / other.wall:.2f}, {same}: {text}", flush=True)
    print(f"queries over the swept lake: {ratio:.2f} of a lake that never had it (geometric mean)")

    day = now - datetime.timedelta(days=200)
    say("restore one day", run(
        [lake, "restore", "posts", "--lake", swept, "--from", str(day), "--until", str(day)], env=environment))
    say(f"restore one account of {accounts}", run(
        [lake, "restore", "posts", "--lake", swept, "--account", account], env=environment))
    target = os.path.join(folder, "extracted")
    shutil.rmtree(target, ignore_errors=True)
    say("its raw files", run(
        [lake, "restore", "posts", "--raw", "--to", target, "--lake", swept, "--account", account], env=environment),
        f"{sizes(target, '.json')[0]} files")
    say("verify everything", run([lake, "verify", "--all", "--lake", swept], env=environment))


main()
