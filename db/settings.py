"""Where the database and the cache are, from the environment (`CLODESK_...`) or by default embedded."""

import os
import sys
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import InputError


def user_data_folder() -> Path:
    """Folder of this user for databases: XDG_DATA_HOME or the platform's own place.

    A database server refuses to run as root, and root's home is closed to others, so root's data lie in /var/lib.
    """
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "clodesk"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "clodesk"
    if "XDG_DATA_HOME" in os.environ:
        return Path(os.environ["XDG_DATA_HOME"]) / "clodesk"
    return Path("/var/lib/clodesk") if os.geteuid() == 0 else Path.home() / ".local" / "share" / "clodesk"


class StorageSettings(BaseSettings):
    """Addresses and pool sizes. No address means an embedded server under data_dir; times in seconds."""

    model_config = SettingsConfigDict(env_prefix="CLODESK_", extra="ignore")

    database_url: SecretStr | None = None
    read_database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=user_data_folder)
    pool_size: int = Field(default=5, ge=1)
    pool_overflow: int = Field(default=5, ge=0)
    pool_timeout: float = Field(default=10.0, gt=0)
    connect_timeout: int = Field(default=5, ge=1)
    statement_timeout: int = Field(default=0, ge=0)


def settings_of_environment() -> StorageSettings:
    """The settings that the environment names. Raises InputError CLO-3018 for a value that cannot be read."""
    try:
        return StorageSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"CLODESK_{str(first['loc'][0]).upper()}"
        raise InputError(
            "CLO-3018",
            f"The environment variable {name} cannot be read: {first['msg']}",
            where=name,
            remedy="Correct it, or take it out to use the value clodesk has for it.",
        ) from None
