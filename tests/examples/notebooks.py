"""The example notebooks, and how they are run. ``python -m tests.examples.notebooks`` writes their outputs anew."""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""What a notebook says of its kernel: no version, so that executing it elsewhere changes nothing."""


def read(name: str) -> NotebookNode:
    return nbformat.read(EXAMPLES / name, as_version=4)


def parameters(notebook: NotebookNode) -> NotebookNode:
    """The cell with the sizes, of plain values."""
    (found,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    return found


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook, executed with ``folder`` as its working directory; an error in a cell is raised."""
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=3600, kernel_name="python3", record_timing=False, resources=resources).execute()
    return notebook


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what libraries log, which has times and process numbers, and without the plain form of
    what is shown as HTML, which names the machine.
    """
    notebook.metadata = METADATA
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output.data.pop("text/plain", None)
    return notebook


if __name__ == "__main__":
    for name in sys.argv[1:] or NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(cleaned(executed(read(name), Path(folder))), EXAMPLES / name)
