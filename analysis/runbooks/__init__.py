r"""Runbooks as data: what a page tells somebody to type, and whether the AWS command line would take it.

A runbook is a Markdown page. Its front matter says `owner`, `severity` (page, ticket or planned), `trigger`, `minutes` (the time
budget), `alarms` (those it answers; may be empty), `last_reviewed` and `review_in`. What is typed stands in fenced blocks of the
language `console`; the fence's title marks the kind of the step, and the site prints that title above the block:

    ```console title="Check"
    $ aws ecs describe-services --cluster shop --services web \
        --query "services[0].runningCount"
    3
    ```

The kinds, written as the title's first words; more words may follow a colon (`title="Abort if: the old revision serves"`):

| title    | kind       | the step                                                     |
|----------|------------|--------------------------------------------------------------|
| Check    | `check`    | looks and changes nothing                                    |
| Act      | `act`      | changes something                                            |
| Verify   | `verify`   | shows that the change did what it should                     |
| Undo     | `undo`     | takes the nearest `Act` above it back                        |
| Abort if | `abort-if` | looks; where the answer is the one shown, the page is left   |

Inside a block a line that begins with `$ ` is typed. It goes on to the next line after a backslash, inside quotes, inside a
here-document, a loop or a pipe that is not closed; `> ` at the start of such a line is the shell's own second prompt and is not
typed. Lines below it, up to the next `$ `, are the answer. Blocks of the languages `bash`, `sh`, `shell` and `zsh` are scripts:
every line is typed, there is no answer and no kind. Viewers that know nothing of titles show the plain block.
"""

from analysis.runbooks.answering import Caller, callers, disagreements, folder
from analysis.runbooks.check import Checked, NotInstalledError, check
from analysis.runbooks.findings import Finding, as_json
from analysis.runbooks.names import Vocabulary, made_by, strange, vocabulary
from analysis.runbooks.page import KINDS, Block, Command, Kind, PageError, Runbook, parse, read
from analysis.runbooks.rules import RULES, Rule

__all__ = [
    "KINDS",
    "RULES",
    "Block",
    "Caller",
    "Checked",
    "Command",
    "Finding",
    "Kind",
    "NotInstalledError",
    "PageError",
    "Rule",
    "Runbook",
    "Vocabulary",
    "as_json",
    "callers",
    "check",
    "disagreements",
    "folder",
    "made_by",
    "parse",
    "read",
    "strange",
    "vocabulary",
]
