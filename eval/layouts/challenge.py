"""The challenge's official questions: `gold_prompt` with the base fact, the key words and their values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import NotUnderstood, Row, file_name, pages, question, text, texts
from vouch.eval.numbers import lone
from vouch.eval.types import Item

_MISSING = ("nan", "None", "")


def recognises(row: Row) -> bool:
    """Say whether a row carries the challenge's own answer."""
    return bool(question(row)) and isinstance(row.get("gold_prompt"), Mapping) and row.get("answerable") is not False


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row."""
    prompt: Mapping[str, str] = {str(key): str(value).strip() for key, value in row["gold_prompt"].items()}
    fact = prompt.get("prom_answer", "") or text(row, "gold_text")
    names = [name for name in prompt.get("key_word", "").split("、") if name not in _MISSING]
    item = Item(
        kind="text",
        gold=(fact,) if fact else (),
        keywords=tuple(prompt.get(name, name) for name in names),
        references=texts(row.get("reference_answers")),
        aliases=_short_name(prompt),
        report=file_name(row.get("report")),
        pages=pages(row.get("gold_page")),
        **shared.base(row, number),
    )
    if not fact and not item.references:
        raise NotUnderstood("gold_prompt has no prom_answer and there are no reference_answers")
    yield _asked(item, prompt, names, fact) if fact else replace(item, kind="open", gold=item.references)


def _asked(item: Item, prompt: Mapping[str, str], names: list[str], fact: str) -> Item:
    operands = {name: prompt[name] for name in names if prompt.get(name, name) != name and prompt[name] != fact}
    if item.type.startswith("2"):
        kind = replace(item, components=operands)
        return _number(kind, fact)
    if len(operands) > 1 and all(_amount(value) is not None for value in operands.values()):
        values = tuple(_amount(value) or 0.0 for value in operands.values())
        return replace(item, kind="values", gold=tuple(operands.values()), gold_values=values, labels=tuple(operands))
    if shared.asks_count(item.question) and fact.isdigit():
        return replace(item, kind="count", gold_values=(float(fact),))
    if "公司" in fact and names[:1] != ["企业名称"] and all(prompt.get(name) == name for name in names):
        return _ranking(item, names)
    return item if any(name.endswith(("代码", "电话", "邮编")) for name in names) else _number(item, fact)


def _number(item: Item, fact: str) -> Item:
    found = lone(fact)
    return replace(item, kind="value", gold_values=(found.value,), unit=found.unit) if found else item


def _amount(fact: str) -> float | None:
    """Return the number that a text is, None where it is more than a number or none."""
    found = lone(fact)
    return found.value if found else None


def _ranking(item: Item, names: list[str]) -> Item:
    """Key words alternate between company and amount, or are companies only."""
    companies = tuple(name for name in names if _amount(name) is None)
    amounts = tuple(value for name in names if (value := _amount(name)) is not None)
    shown = amounts if len(amounts) == len(companies) else ()
    return replace(item, kind="ranking", gold=companies, gold_values=shown, labels=companies)


def _short_name(prompt: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    full, short = prompt.get("ent_name", ""), prompt.get("ent_short_name", "")
    return {full: (short,)} if full and short and full != short else {}
