"""The tools that ship with Vouch."""

from vouch.generation.tools.compare_companies import compare_companies
from vouch.generation.tools.compute import compute
from vouch.generation.tools.lookup_facts import lookup_facts
from vouch.generation.tools.medical_unit_convert import medical_unit_convert
from vouch.generation.tools.read_page import read_page
from vouch.generation.tools.registry import Toolbox
from vouch.generation.tools.search_documents import search_documents
from vouch.generation.tools.today import today
from vouch.generation.tools.types import ToolContext
from vouch.generation.tools.web_search import web_search

OVER_FACTS = (lookup_facts, compare_companies)
ALWAYS = (search_documents, read_page, compute, medical_unit_convert, today)


def standard_tools(context: ToolContext) -> Toolbox:
    """Return the tools that the context has something to read for."""
    over_facts = OVER_FACTS if context.facts else ()
    web = (web_search,) if context.web else ()
    return Toolbox((*over_facts, *ALWAYS, *web), context)
