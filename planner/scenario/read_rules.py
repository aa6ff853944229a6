"""The rules that a stack must obey, and the techniques that others pay for."""

from __future__ import annotations

from planner.scenario import rule_words
from planner.scenario.fields import Context, Fields
from planner.scenario.notes import Notes, Place, plain, shown
from planner.scenario.numbers import Use
from planner.scenario.read_techniques import Techniques
from planner.scenario.types import FULL, ZERO, AtMost, Choice, Limit, Rules, Written
from planner.scenario.values import Value
from planner.scenario.yaml_text import Entries

_KNOWN = ("fund", "exclude", "requires", "at_most", "limits")
#: Counts above the largest number of techniques mean the same as that number.
_MOST_COUNT = 1_000_000


#: Rule in the funder's words -> where it stands.
_Written = dict[str, Place]


def read_rules(
    context: Context, techniques: Techniques
) -> tuple[Rules, tuple[Choice, ...], tuple[Written, ...]]:
    """The rules, the committed choices (every list sorted), and where the rules stand."""
    fields = context.top.mapping("rules", _KNOWN)
    rules, written = Rules(), _Written()
    if fields is not None:
        fund = _choices(fields, "fund", techniques)
        exclude = _choices(fields, "exclude", techniques)
        written |= {rule_words.fund(choice): place for choice, place in fund.items()}
        written |= {rule_words.exclude(choice): place for choice, place in exclude.items()}
        rules = Rules(
            fund=tuple(fund),
            exclude=tuple(exclude),
            requires=_requires(fields, techniques, written),
            at_most=_at_most(fields, techniques, written),
            limits=_limits(fields, techniques, written),
        )
    places = tuple(Written(rule, *plain(place)) for rule, place in written.items())
    return rules, _committed(context, techniques, rules), places


def _choice(text: str, place: Place, techniques: Techniques, notes: Notes) -> Choice | None:
    """`technique` or `technique:level`; None after a finding."""
    id, colon, level = (part.strip() for part in text.partition(":"))
    if not techniques.register.known(id, place, notes):
        return None
    if not colon:
        return Choice(id)
    names = [known.name for known in techniques.levels.get(id, ())] or [FULL]
    if level not in names:
        notes.unknown(place, f"level of {id}", level, names)
        return None
    return Choice(id, level if id in techniques.levels else None)


def _choices(fields: Fields, key: str, techniques: Techniques) -> dict[Choice, Place]:
    """The choices of a list, sorted, each with its place."""
    found: dict[Choice, Place] = {}
    for text, place in fields.texts(key):
        choice = _choice(text, place, techniques, fields.notes)
        if choice in found:
            fields.notes.add(place, f"{shown(text)} is listed twice.", "Keep it once.")
        elif choice is not None:
            found[choice] = place
    return dict(sorted(found.items(), key=lambda pair: _order(pair[0])))


def _order(choice: Choice) -> tuple[str, str]:
    return choice.technique, choice.level or ""


def _ids(fields: Fields, key: str, techniques: Techniques) -> tuple[str, ...]:
    """A list of techniques, without levels."""
    found = []
    for text, place in fields.texts(key):
        id = text.partition(":")[0].strip()
        if ":" in text and id in techniques.register:
            fields.notes.add(
                place,
                f"{shown(text)} names a level; this rule counts techniques at any level.",
                f"Write {id}.",
            )
        elif techniques.register.known(text, place, fields.notes):
            found.append(text)
    return tuple(sorted(found))


def _requires(
    fields: Fields, techniques: Techniques, written: _Written
) -> tuple[tuple[Choice, tuple[Choice, ...]], ...]:
    inner = fields.mapping("requires")
    if inner is None:
        return ()
    found: dict[Choice, tuple[Choice, ...]] = {}
    places: dict[Choice, Place] = {}
    for key in inner:
        place = inner.place(key)
        choice = _choice(key, place, techniques, inner.notes)
        needs = _choices(inner, key, techniques)
        if choice is None:
            continue
        if choice in found:
            inner.notes.add(place, f"{shown(key)} is listed twice.", "Join the two lists.")
        elif any(need.technique == choice.technique for need in needs):
            inner.notes.add(place, f"{shown(key)} requires itself.", "Remove it from its own list.")
        else:
            found[choice], places[choice] = tuple(needs), place
            written |= {rule_words.requires(choice, need): needs[need] for need in needs}
    _find_cycles(found, places, inner.notes)
    return tuple(sorted(found.items(), key=lambda pair: _order(pair[0])))


def _find_cycles(
    requires: dict[Choice, tuple[Choice, ...]], places: dict[Choice, Place], notes: Notes
) -> None:
    """A finding for each cycle that a depth-first walk meets; without recursion, since a chain
    may be as long as there are techniques."""
    keys: dict[str, list[Choice]] = {}
    for choice in requires:
        keys.setdefault(choice.technique, []).append(choice)

    def followers(choice: Choice) -> list[Choice]:
        """Entries that apply once the needs of this one are met."""
        return [
            key
            for need in requires[choice]
            for key in keys.get(need.technique, ())
            if need.level is None or key.level is None or need.level == key.level
        ]

    done: set[Choice] = set()
    for start in requires:
        if start in done:
            continue
        path, ahead = [start], [iter(followers(start))]
        on_path = {start: 0}
        while path:
            step = next(ahead[-1], None)
            if step is None:
                ahead.pop()
                last = path.pop()
                del on_path[last]
                done.add(last)
            elif step in on_path:
                cycle = [str(choice) for choice in path[on_path[step] :]]
                text = " -> ".join([*cycle, cycle[0]])
                notes.add(
                    places[step],
                    f"The prerequisites form a cycle: {text}.",
                    "Remove one of these prerequisites.",
                )
            elif step not in done:
                on_path[step] = len(path)
                path.append(step)
                ahead.append(iter(followers(step)))


def _entries(fields: Fields, key: str, known: tuple[str, ...]) -> list[Fields]:
    """The items of a list of mappings."""
    found = []
    for item in fields.items(key):
        if isinstance(item, Entries):
            found.append(Fields(fields.notes, fields.file, item, f"{fields.prefix}{key}.", known))
        else:
            place = fields.place(key)._replace(row=item.line)
            cure = f"Write {{{', '.join(f'{name}: ...' for name in known)}}}."
            fields.notes.add(place, f"An entry of {key} is not a mapping.", cure)
    return found


def _at_most(fields: Fields, techniques: Techniques, written: _Written) -> tuple[AtMost, ...]:
    found = []
    for entry in _entries(fields, "at_most", ("of", "count")):
        of = _ids(entry, "of", techniques)
        count = entry.whole("count", 0, _MOST_COUNT, 0)
        for key, cure in (("of", "Add of: [a, b]."), ("count", "Add count: 1.")):
            if key not in entry:
                entry.notes.add(entry.place(key), f"The entry of at_most has no {key}.", cure)
        if "of" in entry and entry.node("of") is not None and not entry.items("of"):
            entry.add("of", "is an empty list.", "Name the techniques, or remove the entry.")
        found.append(AtMost(of, count))
        written.setdefault(rule_words.at_most(found[-1]), entry.place())
    return tuple(sorted(found, key=lambda rule: (rule.of, rule.count)))


def _limits(fields: Fields, techniques: Techniques, written: _Written) -> tuple[Limit, ...]:
    found = []
    for entry in _entries(fields, "limits", ("attribute", "of", "at_least", "at_most")):
        notes = entry.notes
        attribute = entry.text("attribute") or ""
        known = ("cost", *techniques.attributes)
        if "attribute" not in entry:
            notes.add(
                entry.place("attribute"), "The limit has no attribute.", "Add attribute: cost."
            )
        elif attribute and attribute not in known and techniques.table is not None:
            notes.unknown(entry.place("attribute"), "attribute of the techniques", attribute, known)
        of = _ids(entry, "of", techniques) if "of" in entry else None
        use: Use = "amount" if attribute == "cost" else "number"
        bounds = [_bound(entry, key, use) for key in ("at_least", "at_most")]
        if "at_least" not in entry and "at_most" not in entry:
            notes.add(entry.place(), "The limit has no bound.", "Add at_most: or at_least:.")
        found.append(Limit(attribute, of, *bounds))
        written.setdefault(rule_words.limit(found[-1]), entry.place())
    return tuple(sorted(found, key=_limit_order))


def _limit_order(limit: Limit) -> tuple[object, ...]:
    return limit.attribute, limit.of or (), str(limit.at_least), str(limit.at_most)


def _bound(entry: Fields, key: str, use: Use) -> Value | None:
    return entry.value(key, use, ZERO) if key in entry else None


def _committed(context: Context, techniques: Techniques, rules: Rules) -> tuple[Choice, ...]:
    found: dict[str, Choice] = {}
    funded = {choice.technique for choice in rules.fund}
    for text, place in context.top.texts("committed"):
        choice = _choice(text, place, techniques, context.notes)
        if choice is None:
            continue
        if choice.technique in found:
            context.notes.add(
                place, f"{choice.technique} is listed twice.", "Keep one level of it."
            )
        if choice.technique in funded:
            context.notes.warn(
                place,
                f"{choice.technique} is already committed, so that fund has no effect on it.",
                "Remove it from rules.fund.",
            )
        found[choice.technique] = choice
    return tuple(sorted(found.values(), key=_order))
