"""The examples in docstrings: each runs as it stands, and prints what it says."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import fbcore
from tests.docs.examples import Example, examples, printed_by, steady
from tests.habits.tree import name, sources

FOUND = [(name(path), each) for path in sources("fbcore", "fbdev") for each in examples(path.read_text("utf-8"))]
ALL_EXAMPLES = pytest.mark.parametrize(
    ("file", "example"), [pytest.param(*found, id=f"{found[0]}:{found[1].name}") for found in FOUND]
)


def run(example: Example, module: ModuleType) -> str:
    """Run an example as in a file that begins with `from fbcore import *`, and return what it prints."""
    exec("from fbcore import *", vars(module))
    return printed_by(example.source, module)


@ALL_EXAMPLES
def test_an_example_prints_what_it_says(file: str, example: Example, module: ModuleType) -> None:
    """An example in a docstring runs, prints something, and shows exactly that."""
    assert example.output
    assert steady(run(example, module)) == steady(example.output), f"{file}:{example.name}"


@pytest.mark.parametrize("public_name", fbcore.__all__)
def test_a_public_name_has_an_example(public_name: str) -> None:
    """Whoever looks up a public name finds an example in its docstring, and the example uses it."""
    (own,) = [each.source for file, each in FOUND if each.name == public_name and file.startswith("fbcore/")] or [""]
    assert re.search(rf"\b{public_name}\b", own)


@pytest.mark.parametrize("path", sources("fbcore", "fbdev"), ids=name)
def test_no_example_is_overlooked(path: Path) -> None:
    """Every section called `Example:` has the one form that the tests above see."""
    source = path.read_text(encoding="utf-8")
    assert len(examples(source)) == len(re.findall(r"^\s*Examples?:", source, re.MULTILINE))


def test_a_wrong_example_is_found(module: ModuleType) -> None:
    """The check finds examples in docstrings of any depth, and sees when one prints something else."""
    source = '''
        class Half:
            """Halve numbers.

            Example:
                for each in (1, 2):
                    print(BatchRuntime and each / 2)

                #> 0.5
                #> 2.0
            """

            def again(self):
                """Halve.

                Example:
                    print()
                    #>
                """
    '''
    wrong, right = examples(inspect.cleandoc(source))
    assert (wrong.name, right.name) == ("Half", "Half.again")
    assert run(wrong, module) == "0.5\n1.0\n"
    assert wrong.output == "0.5\n2.0\n"
    assert run(right, module) == right.output == "\n"
