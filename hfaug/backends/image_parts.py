"""What is laid over a pipeline when it is loaded: LoRA weights, learnt words, a ControlNet, an IP-Adapter.

Words are those of textual inversion. An IP-Adapter comes with the image encoder that it was taught with.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from hfaug.backends.identity import ModelIdentity, file_identity, identify
from hfaug.backends.image_families import is_named
from hfaug.backends.loading import import_extra
from hfaug.errors import ModelError

__all__ = ["LoadedPart", "Part", "able", "add_parts", "encoder_beside", "find_part", "load_controlnet", "part_facts"]

_FILES = {
    "lora": ("pytorch_lora_weights.safetensors",),
    "textual_inversion": ("learned_embeds.safetensors", "learned_embeds.bin"),
    "controlnet": ("config.json",),
    "ip_adapter": ("ip-adapter.safetensors", "ip_adapter.safetensors", "ip-adapter.bin"),
    "image_encoder": ("config.json",),
}
"""Where a part lies that is named without its file."""
_SAID = {
    "lora": "a lora", "textual_inversion": "a textual inversion", "controlnet": "a controlnet",
    "ip_adapter": "an IP-Adapter", "image_encoder": "an image encoder",
}  # fmt: skip
_ADVICE = "name the one that the adapter was taught with"
_WEIGHTS = (".safetensors", ".bin", ".pt", ".ckpt")
_ON_HUB = re.compile(r"(?P<repo>[^/@]+/[^/@]+)(@(?P<revision>[^/]+))?(/(?P<file>.+))?")


@dataclasses.dataclass(frozen=True)
class Part:
    """One part, by name.

    Args:
        kind: What it is.
        name: ``user/repo``, ``user/repo@revision``, either with ``/file.safetensors`` behind, a folder, or a file. Of
            an image encoder: the same with the folder that it lies in behind.
        scale: How strongly a LoRA or an IP-Adapter works.
    """

    kind: Literal["lora", "textual_inversion", "controlnet", "ip_adapter", "image_encoder"]
    name: str
    scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class LoadedPart:
    """A part, to the byte.

    Args:
        part: As it was named.
        identity: Which repository or folder, in which revision.
        file: The file in it, with the folders to it.
    """

    part: Part
    identity: ModelIdentity
    file: str


def find_part(part: Part) -> LoadedPart:
    """Say which files a part is, without loading it.

    Raises:
        ModelError: There is no such repository, folder or file.
    """
    path = Path(part.name).expanduser()
    if path.is_file():
        return LoadedPart(part, file_identity(path), path.name)
    if path.is_dir():
        files = [name for name in _FILES[part.kind] if (path / name).is_file()]
        return LoadedPart(part, identify(path, entry=(files or _FILES[part.kind])[0]), (files or _FILES[part.kind])[0])
    named = _ON_HUB.fullmatch(part.name)
    if named is None or path.is_absolute() or part.name.startswith((".", "~")):
        raise ModelError(
            f"{part.name}: {_SAID[part.kind]} must be an existing file or folder, or USER/REPO with @REVISION and "
            f"/FILE where needed, is none; {_ADVICE if part.kind == 'image_encoder' else 'check the name'}"
        )
    if part.kind == "image_encoder":
        return _encoder_on_hub(part, named["repo"], named["revision"], f"{named['file'] or '.'}/config.json")
    if part.kind != "controlnet" and named["file"] and named["file"].endswith(_WEIGHTS):
        return LoadedPart(part, identify(named["repo"], named["revision"], entry=named["file"]), named["file"])
    if named["file"]:
        raise ModelError(f"{part.name}: must end in a repository or a file of weights, does not; check the name")
    return _first_on_hub(part, named["repo"], named["revision"])


def encoder_beside(adapter: str) -> str:
    """The name of the image encoder that lies beside an IP-Adapter, as it is published.

    >>> encoder_beside("h94/IP-Adapter@main/models/ip-adapter_sd15.safetensors"), encoder_beside("user/repo")
    ('h94/IP-Adapter@main/models/image_encoder', 'user/repo/image_encoder')
    """
    folder = adapter.rpartition("/")[0] if adapter.endswith(_WEIGHTS) else adapter
    return f"{folder}/image_encoder" if folder else "image_encoder"


def part_facts(part: Part, determinism: str) -> dict[str, Any]:
    """What is known of a part without loading it, as `hfaug.backends.facts` say it of a model.

    Args:
        part: The part.
        determinism: That of the pipeline.

    Raises:
        ModelError: There is no such part, or not in that revision.
    """
    found = find_part(part).identity
    known = {"id": found.model_id, "revision": found.revision, "licence": found.licence}
    return {**known, "determinism": determinism}


def _first_on_hub(part: Part, repo: str, revision: str | None) -> LoadedPart:
    *others, last = _FILES[part.kind]
    from huggingface_hub.errors import EntryNotFoundError

    for file in others:
        try:
            return LoadedPart(part, identify(repo, revision, entry=file), file)
        except ModelError as error:
            if not isinstance(error.__cause__, EntryNotFoundError):
                raise
    return LoadedPart(part, identify(repo, revision, entry=last), last)


def _encoder_on_hub(part: Part, repo: str, revision: str | None, file: str) -> LoadedPart:
    from huggingface_hub.errors import EntryNotFoundError

    file = str(PurePosixPath(file))
    try:
        return LoadedPart(part, identify(repo, revision, entry=file), file)
    except ModelError as error:
        if not isinstance(error.__cause__, EntryNotFoundError):
            raise
        raise ModelError(f"{part.name}: must hold {_SAID[part.kind]}, lacks its config.json; {_ADVICE}") from error


def load_controlnet(parts: Sequence[LoadedPart], torch_dtype: Any) -> dict[str, Any]:
    """The ControlNet among some parts, as an argument for the pipeline: of the class that its files name."""
    found = next((part for part in parts if part.part.kind == "controlnet"), None)
    if found is None:
        return {}
    diffusers = import_extra("diffusers", "diffusion")
    identity = found.identity
    config = diffusers.ControlNetModel.load_config(identity.source, revision=identity.hub_revision)
    cls = getattr(diffusers, str(config.get("_class_name")), None)
    if cls is None or "ControlNet" not in cls.__name__:
        raise ModelError(
            f"{identity.model_id}: must be a ControlNet, is a {config.get('_class_name') or 'model of another library'}"
            "; choose another one"
        )
    return {"controlnet": cls.from_pretrained(identity.source, revision=identity.hub_revision, torch_dtype=torch_dtype)}


def add_parts(pipe: Any, parts: Sequence[LoadedPart], who: str) -> None:
    """Lay LoRA weights and learnt words over a pipeline. LoRA weights are added to its own, so they cost no time.

    `hfaug.backends.image_prompts.add_adapter` does it for IP-Adapters.

    An LCM-LoRA was taught with another scheduler, which it brings along. Nothing in its file says so: it is known by
    the name of the file, of its folder or repository. One that is called otherwise leaves the scheduler as it is:
    rename it, or save the pipeline with an ``LCMScheduler``.

    Raises:
        ModelError: The pipeline takes no such part.
        MissingExtra: peft is not installed.
    """
    loras = [part for part in parts if part.part.kind == "lora"]
    for part in parts:
        if part.part.kind == "textual_inversion":
            able(pipe, "load_textual_inversion", who)(**_arguments(part))
    if not loras:
        return
    import_extra("peft", "diffusion")
    names = [f"part{number}" for number in range(len(loras))]
    for name, part in zip(names, loras, strict=True):
        able(pipe, "load_lora_weights", who)(**_arguments(part), adapter_name=name)
    pipe.set_adapters(names, [part.part.scale for part in loras])
    pipe.fuse_lora(adapter_names=names)
    pipe.unload_lora_weights()
    called = " ".join(f"{Path(part.identity.source).name} {part.file}" for part in loras)
    if hasattr(pipe, "unet") and is_named("lcm", called):
        pipe.scheduler = import_extra("diffusers", "diffusion").LCMScheduler.from_config(pipe.scheduler.config)


def able(pipe: Any, method: str, who: str) -> Any:
    """A method of a pipeline that lays a part over it.

    Raises:
        ModelError: It has no such method.
    """
    found = getattr(pipe, method, None)
    if found is None:
        said = {"load_lora_weights": "LoRA weights", "load_ip_adapter": "an IP-Adapter"}
        what = said.get(method, "textual inversion")
        raise ModelError(f"{who}: must be a pipeline that takes {what}, {type(pipe).__name__} does not; leave it out")
    return found


def _arguments(part: LoadedPart) -> dict[str, Any]:
    return {
        "pretrained_model_name_or_path" + ("_or_dict" if part.part.kind == "lora" else ""): part.identity.source,
        "weight_name": part.file,
        "revision": part.identity.hub_revision,
    }
