"""docs/reference/cli.md says what the commands say."""

from __future__ import annotations

from objstore.cli.commands import PLACES
from tests.cli.reference import HEADING, PAGE, commands, commands_part, exit_codes_part


def test_the_page_lists_every_command_with_its_usage_help_and_options() -> None:
    written = PAGE.read_text(encoding="utf-8").partition(HEADING)[2]
    assert written == commands_part(), "run: python -m tests.cli.reference"
    assert all(f"### `objstore {name}`" in written for name in PLACES)


def test_the_page_lists_every_exit_code() -> None:
    assert f"|---|---|\n{exit_codes_part()}\n" in PAGE.read_text(encoding="utf-8")


def test_every_command_explains_itself_in_a_first_line_that_fits_into_the_list() -> None:
    for words, command in commands():
        first = (command.help or "").split("\n")[0]
        assert first.endswith("."), words
        assert len(first) <= 62, words


def test_every_command_takes_the_common_options_behind_its_name() -> None:
    for words, command in commands():
        given = {option for param in command.params for option in param.opts}
        assert {"--json", "--store"} <= given, words
