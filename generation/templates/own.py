"""Our role formats as Jinja, for runtimes that know nothing else. Templates cannot keep texts from spelling tokens."""

from importlib.resources import files


def own_template(name: str) -> str:
    """Return the template of chatglm3, llama2 or llama3."""
    return (files("vouch.generation.templates") / "data" / f"{name}.jinja").read_text(encoding="utf-8")
