"""``python -m hfaug`` is the command ``hfaug``; launchers such as ``accelerate launch -m hfaug`` need this form."""

from hfaug.cli import main

main()
