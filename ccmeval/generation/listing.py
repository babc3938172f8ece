"""Which generators there are, and what each can; a broken one is told with its reason and harms nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, distribution, version
from typing import Any

from ccmeval import plugins
from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Capabilities

GROUP: plugins.Group = "ccmeval.generators"
_METHODS = ("format", "identity", "plan", "fit", "generate", "save_pretrained", "from_pretrained")


@dataclass(frozen=True)
class SettingRow:
    """One setting of a generator.

    Attributes
    ----------
    name : str
        Parts of nested settings are joined by a dot.
    type : str
        As one writes it in Python.
    default : any
        JSON value.
    description : str
    """

    name: str
    type: str
    default: Any
    description: str


@dataclass(frozen=True)
class ListedGenerator:
    """One generator of the list.

    Attributes
    ----------
    name, distribution, distribution_version : str
        By which a user asks for it, and the package that offers it.
    reason : str
        Why it is unavailable, with the cure; empty where it is available.
    missing : sequence of str
        Libraries of its extra that are not installed. It loads without them, but may need them.
    version : str
        Of the generator itself; empty where it cannot be loaded.
    capabilities : Capabilities or None
        None where it cannot be loaded.
    settings : sequence of SettingRow
    """

    name: str
    distribution: str
    distribution_version: str
    reason: str = ""
    version: str = ""
    capabilities: Capabilities | None = None
    missing: Sequence[str] = ()
    settings: Sequence[SettingRow] = field(default_factory=list)

    @property
    def available(self) -> bool:
        """Whether it can be loaded and keeps the outer form of the contract."""
        return not self.reason

    @property
    def hint(self) -> str:
        """What to install; empty where nothing is missing."""
        if not self.missing or self.capabilities is None:
            return ""
        wanted = f"{self.distribution}[{self.capabilities.extra}]"
        return (
            f"Not installed are {', '.join(self.missing)}; for all that it may need: pip install '{wanted}'."
        )

    def document(self) -> dict[str, Any]:
        """Give all of it as JSON values."""
        told = asdict(self)
        return {"name": self.name, "available": self.available, **told}


def list_generators() -> list[ListedGenerator]:
    """List every generator that an installed package offers.

    Returns
    -------
    list of ListedGenerator
        In alphabetical order. One that cannot be loaded, or breaks the contract where its capabilities are
        read, or lacks libraries, is there with the reason.
    """
    return [_listed(plugin) for plugin in plugins.available(GROUP).values()]


def generator_info(name: str) -> ListedGenerator:
    """Tell all about one generator.

    Raises
    ------
    UnavailableError
        If there is none of that name.
    """
    found = plugins.available(GROUP)
    if name not in found:
        known = ", ".join(found) or "none"
        raise UnavailableError(f"No generator is called {name!r}; known: {known}.")
    return _listed(found[name])


def _listed(plugin: plugins.Plugin) -> ListedGenerator:
    row = ListedGenerator(plugin.name, plugin.distribution, _version_of(plugin.distribution))
    try:
        return _described(row, plugin.load())
    except UnavailableError as error:
        return _unavailable(row, str(error))
    except (Exception, SystemExit) as error:  # a stranger's property may raise anything
        why = f"it breaks the contract of generators ({type(error).__name__}: {error})"
        return _unavailable(
            row, f"The plug-in {row.name!r} cannot be used: {why}; update {row.distribution}."
        )


def _described(row: ListedGenerator, generator: Any) -> ListedGenerator:
    can = generator.capabilities
    if not isinstance(can, Capabilities):
        raise TypeError(f"its capabilities are a {type(can).__name__}")
    lacking = [name for name in _METHODS if not hasattr(type(generator), name)]
    if lacking:
        raise TypeError(f"it has no {lacking[0]}")
    return ListedGenerator(
        row.name,
        row.distribution,
        row.distribution_version,
        version=str(generator.version),
        capabilities=can,
        missing=_missing_libraries(row.distribution, can.extra),
        settings=settings_rows(generator.settings_model),
    )


def _unavailable(row: ListedGenerator, reason: str) -> ListedGenerator:
    return ListedGenerator(row.name, row.distribution, row.distribution_version, reason=reason)


def settings_rows(model: Any, prefix: str = "") -> list[SettingRow]:
    """List the settings of a pydantic model, parts of nested ones one by one.

    Parameters
    ----------
    model : type
        A pydantic model whose settings all have defaults.
    prefix : str
        Put before every name.

    Examples
    --------
    >>> from ccmeval.fidelity.duplicates import CopySettings
    >>> row = settings_rows(CopySettings)[0]
    >>> row.name, row.type, row.default
    ('threshold', 'float', 0.85)
    """
    from pydantic import BaseModel

    rows = []
    defaults = model().model_dump(mode="json")
    for name, about in model.model_fields.items():
        kind = about.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += settings_rows(kind, f"{prefix}{name}.")
            continue
        shown = kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
        rows.append(SettingRow(f"{prefix}{name}", shown, defaults[name], about.description or ""))
    return rows


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _missing_libraries(package: str, extra: str) -> list[str]:
    """Name the libraries of an extra that are not installed; none where nobody can tell."""
    if not extra:
        return []
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        needed = [Requirement(text) for text in distribution(package).requires or ()]
    except (PackageNotFoundError, InvalidRequirement):
        return []
    of_extra = [it for it in needed if it.marker is not None and _only_with(it, extra)]
    return sorted({it.name for it in of_extra if not _version_of(it.name)})


def _only_with(requirement: Any, extra: str) -> bool:
    """Tell whether a requirement is one of an extra, on this machine."""
    marker = requirement.marker
    return bool(marker.evaluate({"extra": extra})) and not marker.evaluate({"extra": ""})
