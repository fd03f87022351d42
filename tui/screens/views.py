"""`V`: views: show a saved or a standard one, keep the present one under a name, forget one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from tui.safe_text import fit, one_line
from tui.saved_views import LONGEST_NAME, name_problem
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.screens.fields import SafeInput
from tui.standard_views import STANDARD_VIEWS, StandardView
from tui.view_state import Frame, Lens, ViewState

_NAME_CELLS = 20


class ViewChoice(NamedTuple):
    """What is to be done with the view of a name."""

    deed: Literal["show", "show standard", "save", "forget"]
    name: str


class ViewsScreen(Dialog[ViewChoice | None]):
    """The saved views, the standard ones, and the line in which the present one gets a name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(one.letter, f"standard('{one.name}')", one.name, show=False)
            for one in STANDARD_VIEWS.values()
        ),
        Binding("s", "name", "save", show=False),
        Binding("D", "forget", "forget", show=False),
    ]

    def __init__(
        self, frame: Frame, views: Mapping[str, ViewState], problem: str | None = None
    ) -> None:
        """Args:
        problem: why the views could not be read.
        """
        super().__init__(frame)
        self._views = views
        self._problem = problem
        self._names = list(views)

    @property
    def heading(self) -> str:
        return "Views"

    @property
    def keys(self) -> list[KeyButton]:
        return [
            KeyButton("Enter", "show", "apply"),
            KeyButton("s", "save this one", "name"),
            KeyButton("D", "forget", "forget"),
            *super().keys,
        ]

    def compose_body(self) -> Iterable[Widget]:
        yield ChoiceList()
        yield Static(self._hint(), id="hint")
        yield SafeInput(placeholder="s: a name for the view as it is now", id="word")

    def on_mount(self) -> None:
        choices = self.query_one(ChoiceList)
        rows = [(str(place), self._row(name)) for place, name in enumerate(self._names)]
        rows += [(one.name, _standard_row(one)) for one in STANDARD_VIEWS.values()]
        choices.show(rows)
        choices.focus()

    def action_name(self) -> None:
        """Go to the line for a name."""
        self.query_one(SafeInput).focus()

    def action_standard(self, name: str) -> None:
        """Show the standard view of that name."""
        self.dismiss(ViewChoice("show standard", name))

    def action_forget(self) -> None:
        """Close and forget the highlighted view, if it is a saved one."""
        chosen = self._highlighted()
        if chosen is not None and chosen.deed == "show":
            self.dismiss(chosen._replace(deed="forget"))
        else:
            self._say("a standard view is always there; only saved ones can be forgotten")

    def action_apply(self) -> None:
        """Show the highlighted view, or save under the name that is typed."""
        if self.query_one(SafeInput).has_focus:
            self._save()
        elif (chosen := self._highlighted()) is not None:
            self.dismiss(chosen)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_apply()

    def _save(self) -> None:
        name = self.query_one(SafeInput).value.strip()
        if problem := name_problem(name):
            self._say(problem)
            return
        self.dismiss(ViewChoice("save", name))

    def _say(self, text: str) -> None:
        self.query_one("#hint", Static).update(Content.styled(text, "$status-unreadable"))

    def _highlighted(self) -> ViewChoice | None:
        option = self.query_one(ChoiceList).highlighted_option
        if option is None or option.id is None:
            return None
        if option.id in STANDARD_VIEWS:
            return ViewChoice("show standard", option.id)
        return ViewChoice("show", self._names[int(option.id)])

    def _hint(self) -> Content:
        if self._problem is not None:
            return Content.styled(one_line(self._problem), "$status-unreadable")
        if self._names:
            return Content("")
        return Content.styled("No view of yours is saved yet.", "$muted")

    def _row(self, name: str) -> Content:
        lead = fit(one_line(name, LONGEST_NAME), _NAME_CELLS)
        return Content.assemble(f"   {lead} ", (view_text(self._views[name]), ""))


def _standard_row(one: StandardView) -> Content:
    lead = fit(one_line(one.name, LONGEST_NAME), _NAME_CELLS)
    return Content.assemble(
        (f"{one.letter}  ", "bold $accent"), f"{lead} ", (one.meaning, "$muted")
    )


def view_text(view: ViewState) -> str:
    """A view in one line. Untrusted: it quotes a list's name and the query."""
    parts = [] if view.lens is Lens.ALL else [view.lens.value]
    if view.query:
        parts.append(view.query)
    if view.list_key is not None:
        parts.append(f"in {view.list_key.id}")
    turned = " reversed" if view.descending else ""
    parts.append(f"by {view.sort.value}{turned}, grouped by {view.grouping.value}")
    return one_line(" · ".join(parts), 200)
