"""A reply being put together from tokens: characters made whole, calls taken out, ended at stop texts."""

from vouch.generation.chat import Sampling, ToolCall
from vouch.generation.models.detokenise import Detokeniser
from vouch.generation.stop_texts import StopTexts
from vouch.generation.templates.segments import ReplyReader, Vocabulary


class ReplyInProgress:
    """Takes tokens, gives out text that may be shown."""

    def __init__(self, vocabulary: Vocabulary, reader: ReplyReader, sampling: Sampling) -> None:
        self._vocabulary = vocabulary
        self._detokeniser = Detokeniser(vocabulary.text_of)
        self._reader = reader
        self._stops = StopTexts(sampling.stop)

    @property
    def stopped(self) -> bool:
        """A stop text was written."""
        return self._stops.reached

    def skip(self, opening: str) -> None:
        """Take what was put into the prompt as the beginning of the reply."""
        self._reader.text(opening)

    def add(self, token: int) -> str:
        """Take a token that does not end the reply; return what may be shown by now."""
        name = self._vocabulary.control_name(token)
        if name is None:
            return self._shown(self._detokeniser.add(token))
        before = self._shown(self._detokeniser.rest())
        return before + self._stops.passed(self._reader.control(name))

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return what remains to be shown, and the calls of the whole reply."""
        text = self._shown(self._detokeniser.rest())
        rest, calls = self._reader.end()
        text += self._stops.passed(rest)
        return text + self._stops.rest(), calls

    def _shown(self, piece: str) -> str:
        return self._stops.passed(self._reader.text(piece)) if piece else ""
