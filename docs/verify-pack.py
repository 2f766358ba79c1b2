#!/usr/bin/env python3
"""Verifies an auditors' pack without the program that made it: python3 verify-pack.py PACK.zip [--known BLOCK:HASH]

Written from the pack's README.txt alone, with nothing but Python's standard library (3.8 or later). It checks the SHA-256 of every
file, the chain of seals, every entry against its seal and its own balance, numbers without gaps, and the trial balance. It prints
what is wrong, one finding a line, and ends with status 1 when there is any. Memory: 32 bytes for each entry, and one line at a time.
"""
import csv
import hashlib
import io
import json
import sys
import zipfile

HEAD = ["entry_date", "value_date", "posted_at", "posted_by", "source_type", "source_id", "reverses", "narration"]
LINE = ["line", "account", "debit_paise", "credit_paise", "fund", "function", "ward", "functionary", "budget_head", "scheme",
        "party_type", "party_id", "demand_year", "entry_date"]
PREFIX = {"receipt": "R", "payment": "P", "contra": "C", "journal": "J", "opening": "O"}
LIMIT = 64 * 2 ** 30  # bytes unpacked, all files together

findings = []


def say(file, problem):
    findings.append(problem)
    print(f"{file}: {problem}")


def sha(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def netstring(data):
    return str(len(data)).encode() + b":" + data + b","


def list_of(*items):
    return b"".join(netstring(i if isinstance(i, bytes) else str(i).encode()) for i in items)


def leaf_of(entry):
    head = list_of(entry["voucher"], entry["fy"], entry["number"], *(entry[f] for f in HEAD))
    return sha(b"\0", list_of(head, *(list_of(*(line[f] for f in LINE)) for line in entry["lines"])))


def root_of(leaves):
    while len(leaves) > 1:
        pairs = zip(leaves[0::2], leaves[1::2])
        odd = leaves[-1:] if len(leaves) % 2 else []
        leaves = [sha(b"\1", left, right) for left, right in pairs] + odd
    return leaves[0]


def name_of(voucher, fy, number):
    return f"{PREFIX.get(voucher, '?')}/{fy}/{number:06d}"


def paise(text):
    rupees, _, rest = (text or "0").partition(".")
    return int(rupees or "0") * 100 + int((rest + "00")[:2])


def table(pack, name):
    with pack.open(name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8", newline="")))


def check_files(pack, manifest):
    listed = {f["name"]: f for f in manifest["files"]}
    names = pack.namelist()
    for name in sorted(set(names)):
        if names.count(name) > 1:
            say(name, "stands in the pack twice")
        if name not in listed and name not in ("manifest.json", "manifest.sha256"):
            say(name, "is in the pack and not in its manifest")
    for name, said in listed.items():
        if name not in names:
            say(name, "is in the manifest and not in the pack")
            continue
        digest, size = hashlib.sha256(), 0
        try:
            with pack.open(name) as file:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    digest.update(piece)
                    size += len(piece)
        except Exception as error:  # whatever the zip makes of a torn file, it is a finding about that file
            say(name, f"cannot be unpacked: {error}")
            continue
        if size != said["bytes"] or digest.hexdigest() != said["sha256"]:
            say(name, f"was changed: its SHA-256 is {digest.hexdigest()}, the manifest says {said['sha256']}")


def check_seals(pack, manifest, known):
    """The chain, and where each sealed number of the pack's years has its leaf: {(voucher, fy): [(from, to, block, leaves)]}."""
    sealed, sealed_to, previous, number = {}, {}, "00" * 32, 0
    last = None
    with pack.open("seals.jsonl") as file:
        for row in file:
            block = json.loads(row)
            number += 1
            where = f"block {block['block']}"
            if block["block"] != number:
                say("seals.jsonl", f"{where} stands where block {number} should")
                number = block["block"]
            if block["previous_hash"] != previous:
                say("seals.jsonl", f"{where} does not stand on the block before it")
            ranges = block["ranges"]
            body = list_of(block["block"], block["sealed_at"],
                           *(list_of(r["voucher"], r["fy"], r["from"], r["to"]) for r in ranges), block["entry_count"])
            own = sha(bytes.fromhex(block["previous_hash"]), bytes.fromhex(block["merkle_root"]), body).hex()
            if own != block["hash"]:
                say("seals.jsonl", f"{where} was changed after it was made: its hash is {own}")
            if sum(int(r["to"]) - int(r["from"]) + 1 for r in ranges) != block["entry_count"]:
                say("seals.jsonl", f"{where} counts other entries than it names")
                continue
            raw = bytes.fromhex(block["leaves"])
            leaves = [raw[i:i + 32] for i in range(0, len(raw), 32)]
            believed = len(leaves) == block["entry_count"] and root_of(leaves).hex() == block["merkle_root"]
            if leaves and not believed:
                say("seals.jsonl", f"{where} has leaves that do not give its root")
            at = 0
            for r in ranges:
                key, first, end = (r["voucher"], r["fy"]), int(r["from"]), int(r["to"])
                if first != sealed_to.get(key, 0) + 1:
                    say("seals.jsonl", f"{where} seals {key[0]} {key[1]} from {first}, the last was {sealed_to.get(key, 0)}")
                sealed_to[key] = end
                size = end - first + 1
                if r["fy"] in manifest["years"]:
                    if not believed:
                        say("seals.jsonl", f"{where} has no leaves for {key[0]} {key[1]}")
                    sealed.setdefault(key, []).append((first, end, block["block"], raw[at * 32:(at + size) * 32] if believed else None))
                at += size
            previous, last = block["hash"], (block["block"], block["hash"])
            for text in known:
                if text.partition(":")[0] == str(block["block"]) and text.partition(":")[2] != block["hash"]:
                    say("seals.jsonl", f"{where} is not the block that is known as {text}")
    for text in known:
        if int(text.partition(":")[0]) > (last[0] if last else 0):
            say("seals.jsonl", f"block {text.partition(':')[0]} is known outside and not in the chain")
    said = manifest["lastBlock"]
    if last != ((said["block"], said["hash"]) if said else None):
        say("seals.jsonl", "does not end with the last block of the manifest")
    return sealed


def check_entry(entry, name, posting):
    total, funds = 0, {}
    if len(entry["lines"]) < 2:
        say("journal.jsonl", f"{name} has fewer than two lines")
    for at, line in enumerate(entry["lines"], 1):
        debit, credit = int(line["debit_paise"]), int(line["credit_paise"])
        if line["line"] != str(at) or line["entry_date"] != entry["entry_date"]:
            say("journal.jsonl", f"{name} has a line out of its place or of another day")
        if not ((debit > 0 and credit == 0) or (credit > 0 and debit == 0)):
            say("journal.jsonl", f"{name} has a line that is not a debit or a credit of more than zero")
        if not posting.get(line["account"]):
            say("journal.jsonl", f"{name} posts to {line['account']}, which is no posting account of the chart")
        total += debit - credit
        funds[line["fund"]] = funds.get(line["fund"], 0) + debit - credit
    if total or any(funds.values()):
        say("journal.jsonl", f"{name} does not balance: {total} paise in total, by fund {funds}")
    year = int(entry["entry_date"][:4]) - (entry["entry_date"][5:7] < "04")
    if entry["fy"] != f"{year}-{(year + 1) % 100:02d}":
        say("journal.jsonl", f"{name} lies in another financial year than it says")


def check_journal(pack, manifest, sealed, posting):
    """Every entry; gives {account: [before the range, debits, credits]} without the entries that close a year."""
    sums, seen, tail = {}, {}, {}
    order = {}
    for key, parts in sealed.items():
        for first, end, block, _ in parts:
            order[(key, first)] = (block, len(order))
    last = (0, 0, 0)
    with pack.open("journal.jsonl") as file:
        for row in file:
            entry = json.loads(row)
            key, number = (entry["voucher"], entry["fy"]), int(entry["number"])
            name = name_of(*key, number)
            if entry["entry"] != name:
                say("journal.jsonl", f"{name} calls itself {entry['entry']}")
            part = next((p for p in sealed.get(key, []) if p[0] <= number <= p[1]), None)
            if part:
                first, end, block, leaves = part
                marks = seen.setdefault((key, first), bytearray(end - first + 1))
                if marks[number - first]:
                    say("journal.jsonl", f"{name} stands in the journal twice")
                marks[number - first] = 1
                if leaves and leaf_of(entry) != leaves[(number - first) * 32:(number - first + 1) * 32]:
                    say("journal.jsonl", f"{name}, block {block}, was changed after it was sealed")
                place = (*order[(key, first)], number)
                if place[0] < last[0] or (place[:2] == last[:2] and number < last[2]):
                    say("journal.jsonl", f"{name} stands out of its order")
                last = max(last, place)
            else:
                expected = tail.get(key, max((p[1] for p in sealed.get(key, [])), default=0) + 1)
                if number != expected:
                    say("journal.jsonl", f"{name} stands where {name_of(*key, expected)} should")
                tail[key] = max(expected, number + 1)
                last = (float("inf"), 0, 0)
            check_entry(entry, name, posting)
            if entry["source_type"] == "year-close" or entry["entry_date"] > manifest["to"]:
                continue
            for line in entry["lines"]:
                own = sums.setdefault(line["account"], [0, 0, 0])
                if entry["entry_date"] < manifest["from"] or (
                        entry["voucher"] == "opening" and entry["entry_date"] == manifest["ulb"]["booksFrom"]):
                    own[0] += int(line["debit_paise"]) - int(line["credit_paise"])
                else:
                    own[1] += int(line["debit_paise"])
                    own[2] += int(line["credit_paise"])
    for key, parts in sealed.items():
        for first, end, block, _ in parts:
            marks = seen.get((key, first), bytearray(end - first + 1))
            for at in (i for i, mark in enumerate(marks) if not mark):
                say("journal.jsonl", f"{name_of(*key, first + at)}, block {block}, was sealed and is not there")
    return sums


def check_balances(pack, sums):
    funds = {}
    for row in table(pack, "opening-balances.csv"):
        amount = paise(row["debit"]) - paise(row["credit"])
        sums.setdefault(row["code"], [0, 0, 0])[0] += amount
        funds[row["fund"]] = funds.get(row["fund"], 0) + amount
    if any(funds.values()):
        say("opening-balances.csv", f"does not balance by fund: {funds}")
    said = {}
    for row in table(pack, "trial-balance.csv"):
        said[row["code"]] = [paise(row["open_dr"]) - paise(row["open_cr"]), paise(row["dr"]), paise(row["cr"]),
                             paise(row["close_dr"]) - paise(row["close_cr"])]
    for account in sorted(set(sums) | set(said)):
        opening, debit, credit = sums.get(account, [0, 0, 0])
        own = [opening, debit, credit, opening + debit - credit]
        if said.get(account, [0, 0, 0, 0]) != own:
            say("trial-balance.csv", f"account {account} says {said.get(account)}, openings and journal give {own} (paise)")


def main(path, known):
    pack = zipfile.ZipFile(path)
    if sum(info.file_size for info in pack.infolist()) > LIMIT:
        sys.exit("the pack unpacks to more than this program reads")
    text = pack.read("manifest.json")
    digest = hashlib.sha256(text).hexdigest()
    if pack.read("manifest.sha256").decode() != f"{digest}  manifest.json\n":
        say("manifest.json", "is not the file whose SHA-256 manifest.sha256 holds")
    manifest = json.loads(text)
    if manifest["format"] != "nagarkosh-audit-pack/1":
        sys.exit(f"this program does not know the format {manifest['format']}")
    check_files(pack, manifest)
    try:
        posting = {row["code"]: row["is_posting"] == "true" for row in table(pack, "chart-of-accounts.csv")}
        sums = check_journal(pack, manifest, check_seals(pack, manifest, known), posting)
        check_balances(pack, sums)
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        say("the pack", f"cannot be read to its end: {type(error).__name__} {error}")
    print(f"{manifest['ulb']['name']}, {manifest['from']} to {manifest['to']}, {manifest['entries']} entries, SHA-256 of manifest.json {digest}")
    print("the pack verifies" if not findings else f"{len(findings)} findings: the pack does NOT verify")
    return 1 if findings else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[3:] if sys.argv[2:3] == ["--known"] else []))
