"""The shell, as the tests of the command line call it."""

from typer.testing import CliRunner, Result

from isthmus.cli.commands import app


def isthmus(*arguments: object, code: int = 0) -> Result:
    """Run ``isthmus ARGUMENTS``, and return what it said; it must end with ``code``."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result
