"""Before and after: a sheet that shows rows beside what ops make of them, as one picture and one page.

| file | subject |
| --- | --- |
| `trying.py` | `preview`: an op, tried on some rows |
| `contact.py` | `contact_sheet`: rows of a finished dataset beside what they come from |
| `sheet.py` | `Sheet`, and the strips it is made of |
| `look.py` | which column is shown as what |
| `cells.py` | a row as a cell: panels and captions |
| `pictures.py`, `texts.py`, `sounds.py` | the panels |
| `fonts.py`, `board.py` | the picture |
| `page.py`, `sheet.html.jinja` | the page |
"""

from hfaug.preview.contact import contact_sheet, sheet_files
from hfaug.preview.sheet import Sheet
from hfaug.preview.trying import preview

__all__ = ["Sheet", "contact_sheet", "preview", "sheet_files"]
