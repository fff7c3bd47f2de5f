"""Reduces answers to what both hubs must agree on, finds where they do not, and which of that has a known reason."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from case import Step
from client import HOST, Answer, fill

ABSENT = "(absent)"
HEADERS = ("X-JupyterHub-Version", "Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Retry-After",
           "Cache-Control", "WWW-Authenticate")
"""Compared by name; of these the value does not count:"""
VALUES_DIFFER = ("X-JupyterHub-Version", "Retry-After")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
SECRET = re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
KEYED = {"id": re.compile(r"(a|sc_)\d+"), "token_id": re.compile(r"a\d+"), "code": re.compile(r"[\w-]{43}"),
         "access_token": re.compile(r"[\w-]{30,64}"), "token": re.compile(r"[\w-]{30,64}"),
         "session_id": re.compile(r"[\w-]{30,64}"), "accept_url": re.compile(r"(?<=code=)[\w-]{43}"),
         "full_accept_url": re.compile(r"(?<=code=)[\w-]{43}"),
         "message": re.compile(r"(?<=Try again in )\d+(?= seconds\.)")}
"""What stands under these keys by chance, and how it has to look."""


CODE = re.compile(r"(?<=[?&])code=[A-Za-z0-9]{30}(?![A-Za-z0-9])")
"""What an authorization brings back."""


@dataclass(frozen=True)
class Difference:
    """One field in which the answers to one request differ."""

    case: str
    step: int
    request: str
    field: str
    real: object
    ours: object

    def __str__(self) -> str:
        return f"request {self.step + 1} {self.request}, {self.field}: real {short(self.real)}, ours {short(self.ours)}"


@dataclass
class Known:
    """A difference that is wanted, with its reason."""

    reason: str
    cases: object
    field: object
    everywhere: bool = False
    """It concerns every answer, and makes no case different."""
    request: object = "*"
    real: object = "*"
    ours: object = "*"
    hits: int = field(default=0, compare=False)

    def explains(self, difference: Difference) -> bool:
        return (matches(self.cases, difference.case) and matches(self.request, difference.request)
                and matches(self.field, difference.field)
                and matches(self.real, difference.real) and matches(self.ours, difference.ours))


def load_known(path: Path) -> list[Known]:
    """Returns the differences that are wanted."""
    found = []
    for number, entry in enumerate(tomllib.loads(path.read_text()).get("difference", [])):
        try:
            found.append(Known(**entry))
        except TypeError as error:
            raise ValueError(f"{path.name}, difference {number + 1}: {error}") from error
    return found


def matches(pattern, value) -> bool:
    """Tells whether a value is the pattern, in which `*` stands for anything, or one of several."""
    if isinstance(pattern, list):
        return any(matches(one, value) for one in pattern)
    if isinstance(pattern, dict):
        same_keys = isinstance(value, dict) and pattern.keys() == value.keys()
        return same_keys and all(matches(pattern[key], value[key]) for key in pattern)
    if not isinstance(pattern, str):
        return pattern == value
    text = value if isinstance(value, str) else json.dumps(value)
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def short(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else text[:300] + "…"


def differences(case: str, number: int, step: Step, real: Answer, ours: Answer) -> list[Difference]:
    """Returns every field in which two answers to the same request differ."""
    fields_real, fields_ours = reduced(step, real), reduced(step, ours)
    found = []
    for name in sorted(fields_real.keys() | fields_ours.keys()):
        left, right = fields_real.get(name, ABSENT), fields_ours.get(name, ABSENT)
        found += [Difference(case, number, f"{step.method} {step.path}", where, a, b)
                  for where, a, b in walk(name, left, right)]
    return found


def walk(where: str, real, ours):
    """Yields the places at which two values differ."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted(real.keys() | ours.keys()):
            yield from walk(f"{where}.{key}", real.get(key, ABSENT), ours.get(key, ABSENT))
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for index, (left, right) in enumerate(zip(real, ours)):
            yield from walk(f"{where}.{index}", left, right)
    elif where == "body.message" and real is None and isinstance(ours, str):
        return  # What errors raised without a text say depends on the version of tornado.
    elif real != ours:
        yield where, real, ours


def reduced(step: Step, answer: Answer) -> dict:
    """Returns what counts of an answer, by field."""
    back = words_back(answer)
    fields: dict = {"status": answer.status}
    if location := answer.header("Location"):
        fields["location"] = CODE.sub("code=X", back(local(location)))
    if answer.body or answer.status in (201, 202):
        fields["type"] = answer.type
    for name in HEADERS:
        if (value := answer.header(name)) is not None:
            fields[f"header {name}"] = "…" if name in VALUES_DIFFER else value
    if policy := answer.header("Content-Security-Policy"):
        fields["header Content-Security-Policy"] = "frame-ancestors" in policy
    for name, value, attributes in answer.cookies():
        fields[f"cookie {name.removeprefix('__Host-')}"] = cookie(name, value, attributes)
    if step.text:
        fields[f"text {step.text}"] = fill(step.text, answer.words) in answer.text
    if step.body and "html" not in answer.type and answer.body:
        content = answer.json()
        if content is None:
            fields["body"] = back(answer.text) if answer.type == "text/plain" else answer.text
        else:
            ordered = step.ordered or answer.type == "text/event-stream"
            fields["body"] = normalised(content, ordered, back)
    if step.fields:
        fields["forms"] = Forms(answer.text).found
    return fields


def words_back(answer: Answer):
    """Returns what writes `{word}` for the values that a case keeps, which are by chance."""
    same = re.compile(r"[ungs]\d?|password")
    kept = {value: f"{{{name}}}" for name, value in answer.words.items() if value and not same.fullmatch(name)}
    if not kept:
        return lambda text: text
    longest_first = "|".join(map(re.escape, sorted(kept, key=len, reverse=True)))
    pattern = re.compile(rf"(?:(?<![\w-])|(?<=%[0-9A-F]{{2}}))({longest_first})(?![\w-])")
    return lambda text: pattern.sub(lambda m: kept[m[1]], text)


def local(url: str) -> str:
    """Returns a URL without its host if that is the hub's."""
    parts = urlsplit(url)
    if parts.netloc and parts.hostname == HOST:
        return url.split(parts.netloc, 1)[1] or "/"
    return url


def cookie(name: str, value: str, attributes: dict[str, str]) -> str:
    """Returns what a cookie is like, without its value."""
    words = ["__Host-"] if name.startswith("__Host-") else []
    words += sorted(key if not attributes[key] else f"{key}={attributes[key].lower()}"
                    for key in attributes if key not in ("max-age", "expires"))
    if not value or attributes.get("max-age") == "0":
        words.append("cleared")
    elif "max-age" in attributes or "expires" in attributes:
        words.append("lasting")
    return ", ".join(words)


def normalised(value, ordered: bool, back, key: str = ""):
    """Returns a JSON value with times, ids and secrets replaced and, where order means nothing, lists sorted."""
    if isinstance(value, dict):
        return {back(name): normalised(item, ordered, back, name) for name, item in value.items()}
    if isinstance(value, list):
        items = [normalised(item, ordered, back, key) for item in value]
        if ordered and any(isinstance(item, dict) for item in items):
            return items
        names = [item.get("name") for item in items if isinstance(item, dict)]
        if items and len(names) == len(items) == len(set(names)) and None not in names:
            return {f"[{name}]": item for name, item in zip(names, items)}
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str):
        if key in KEYED:
            value = KEYED[key].sub("X", value)
        if key == "scope":
            value = " ".join(sorted(value.split()))
        text = SECRET.sub("X", TIME.sub("T", back(value)))
        text = text.replace(f"https://{HOST}", "HUB")
        return sorted_query(text) if key == "url" else text
    return value


def sorted_query(url: str) -> str:
    path, mark, query = url.partition("?")
    return path + mark + "&".join(sorted(query.split("&")))


class Forms(HTMLParser):
    """The forms of a page: method and names of fields."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[dict] = []
        self.feed(text)
        for form in self.found:
            form["fields"] = sorted(set(form["fields"]))

    def handle_starttag(self, tag: str, attrs) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.found.append({"method": (attributes.get("method") or "get").lower(), "fields": []})
        elif tag in ("input", "select", "textarea", "button") and self.found and attributes.get("name"):
            self.found[-1]["fields"].append(attributes["name"])
