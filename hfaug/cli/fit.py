"""``hfaug fit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hfaug.cli.messages import is_main, listening
from hfaug.cli.options import Command, debug_option, quiet_option, read_ops, write_examples
from hfaug.cli.sources import load

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])


class _Kinds(click.Group):
    """The kinds of generators."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples as they would be typed."""
        write_examples(formatter, _EXAMPLES)


_EXAMPLES = (
    "hfaug fit diffusion ./digits --out models/digits",
    "hfaug fit gan ada/birds --size 64 --steps 20000 --out models/birds",
    "hfaug fit vae ./birds --out models/birds \\",
    "    --augment 'sometimes: {op: image.flip, chance: 0.5}'",
    "accelerate launch -m hfaug fit diffusion ./digits --out models/digits",
)
_COUNT = click.IntRange(1)
_SHARED = (
    click.option("--out", metavar="DIR", required=True, help="Folder of the model; a broken-off one is gone on with."),
    click.option("--image", metavar="COLUMN", help="The image column, where there are several."),
    click.option("--label", metavar="COLUMN", help="The column of the class, where there are several."),
    click.option("--split", metavar="NAME", default="train", show_default=True, help="Split to learn from."),
    click.option("--config", metavar="NAME", help="Config of a dataset that has several."),
    click.option("--license", metavar="ID", help="Licence of the data, for the card."),
    click.option("--size", metavar="PX", type=_COUNT, help="Height and width.  [default: 32; lora: the pipeline's]"),
    click.option("--steps", metavar="N", type=_COUNT, help="Updates.  [default: 5000; lora: 1000]"),
    click.option("--batch-size", metavar="N", type=_COUNT, help="Images an update.  [default: 128; lora: 8]"),
    click.option("--learning-rate", metavar="X", type=float, help="Step width.  [default: as suits the kind]"),
    click.option("--accumulate", metavar="N", type=_COUNT, help="Parts of a batch, to fit into memory."),
    click.option("--mixed-precision", type=click.Choice(["no", "fp16", "bf16"]), help="Number format.  [default: no]"),
    click.option(
        "--augment",
        metavar="OP",
        multiple=True,
        help="An op that images go through when they are seen, as in a recipe; several make a chain.",
    ),
    click.option("--balanced", is_flag=True, default=None, help="See each class equally often."),
    click.option("--epsilon", metavar="X", type=float, help="Promise differential privacy, up to this epsilon."),
    click.option("--delta", metavar="X", type=float, help="The chance that the promise does not hold."),
    click.option("--max-grad-norm", metavar="X", type=float, help="Longest gradient of one image.  [default: 1]"),
    click.option("--seed", metavar="N", type=click.IntRange(0), help="Draw otherwise."),
    click.option("--checkpoint-every", metavar="N", type=_COUNT, help="Steps between checkpoints.  [default: 500]"),
    click.option("--sample-every", metavar="N", type=click.IntRange(0), help="Steps between sheets of samples."),
    quiet_option,
    debug_option,
)


def _shared(function: F) -> F:
    """The options that every kind has."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


def _widths(_ctx: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"must be numbers such as 64,128,192, got {text!r}") from None


_channels = click.option(
    "--channels", metavar="N,N,...", callback=_widths, help="Width of the network at each level, from the pixels down."
)


@click.group("fit", cls=_Kinds)
def command() -> None:
    """Fit a small generator to the images of a dataset, class by class.

    The op image.sample draws with it. What stops it does no harm: the same
    command goes on from the last checkpoint.
    """


@command.command("diffusion", cls=Command, examples=("hfaug fit diffusion ./digits --size 32 --out models/digits",))
@click.argument("dataset")
@_channels
@click.option("--layers", metavar="N", type=_COUNT, help="Blocks a level.  [default: 2]")
@_shared
def diffusion(dataset: str, **options: Any) -> int:
    """Fit a diffusion model to DATASET: the best pictures, slow to draw."""
    return _fit("diffusion", dataset, options)


@command.command("vae", cls=Command, examples=("hfaug fit vae ./digits --size 32 --out models/digits-vae",))
@click.argument("dataset")
@_channels
@click.option("--layers", metavar="N", type=_COUNT, help="Blocks a level.  [default: 1]")
@click.option("--latent-channels", metavar="N", type=_COUNT, help="Numbers at a place of a latent.  [default: 4]")
@_shared
def vae(dataset: str, **options: Any) -> int:
    """Fit a variational autoencoder to DATASET: soft pictures, soon fitted."""
    return _fit("vae", dataset, options)


@command.command("gan", cls=Command, examples=("hfaug fit gan ./digits --size 32 --out models/digits-gan",))
@click.argument("dataset")
@_channels
@click.option("--blocks", metavar="N", type=_COUNT, help="Blocks a level.  [default: 2]")
@click.option("--gamma", metavar="X", type=float, help="How strongly slopes are held down.  [default: 1]")
@_shared
def gan(dataset: str, **options: Any) -> int:
    """Fit a GAN (R3GAN) to DATASET: sharp pictures, drawn in one step."""
    return _fit("gan", dataset, options)


@command.command(
    "lora",
    cls=Command,
    examples=(
        "hfaug fit lora stable-diffusion-v1-5/stable-diffusion-v1-5 ./birds \\",
        "    --prompt 'a photo of a {{ label }}' --out models/birds-lora",
    ),
)
@click.argument("model")
@click.argument("dataset")
@click.option("--prompt", metavar="TEXT", help="What is said of an image.  [default: a photo of a {{ label }}]")
@click.option("--revision", metavar="REV", help="Tag or commit of the model.")
@click.option("--rank", metavar="N", type=_COUNT, help="Rank of the small matrices.  [default: 8]")
@_shared
def lora(model: str, dataset: str, **options: Any) -> int:
    """Fine-tune the Stable Diffusion pipeline MODEL on DATASET by LoRA."""
    return _fit("lora", dataset, options, model)


def _fit(kind: str, dataset: str, options: dict[str, Any], *model: str) -> int:
    from hfaug import fit

    config, quiet = options.pop("config"), options.pop("quiet")
    options["augment"] = read_ops(options["augment"], "--augment")
    said = {name: value for name, value in options.items() if value is not None}
    with listening(quiet=quiet):
        made = getattr(fit, kind)(*model, load(dataset, config, "fit"), **said)
    if is_main():
        click.echo(f"model  {made}")
        if (made / "samples").is_dir():
            click.echo(f"look   {made / 'samples'}")
        way = f"lora: {{{made}: 1}}" if kind == "lora" else f"image.sample: {{model: {made}}}"
        click.echo(f"next   in a recipe: {way}")
    return 0
