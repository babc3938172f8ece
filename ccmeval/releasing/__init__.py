"""`ccmeval release`: a synthetic set made ready to publish."""

from ccmeval.releasing.run import Released, release
from ccmeval.releasing.settings import ReleaseSettings

__all__ = ["ReleaseSettings", "Released", "release"]
