"""Settings, read from the environment (prefix `HAN5K_`) by the composition roots only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from han5k_review.errors import ConfigError
from han5k_review.prompting.address import ServerAddress
from han5k_review.store.vocabulary import Role

PROJECT_ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What an installation can choose. Each field is the environment variable HAN5K_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="HAN5K_", extra="ignore", frozen=True)

    study: Path = Field(
        default=PROJECT_ROOT / "data" / "demo-study",
        description="Folder of the study that the web app, the worker and the commands open.",
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the database; unset means SQLite inside the study folder.",
    )
    session_hours: float = Field(
        default=12.0,
        gt=0,
        le=168,
        description="Hours until a sign-in expires, in use or not.",
    )
    idle_minutes: float = Field(
        default=120.0,
        gt=0,
        le=10_080,
        description="Minutes without use after which a sign-in expires.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?$",
        description="How people reach the web app (`https://contours.hospital.org`): no other "
        "host is served, and with https cookies never travel by http. Unset means any host.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of the proxies in front (`127.0.0.1, 10.0.0.0/8`) whose "
        "`X-Forwarded-For` and `X-Forwarded-Proto` are believed; unset means none.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of the hospital's OpenID Connect provider; unset means accounts with "
        "passwords only. Needs `HAN5K_PUBLIC_URL`.",
    )
    oidc_client_id: str = Field(
        default="han5k-review", description="What this study is called at the provider."
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The provider's secret for it; never stored or shown."
    )
    oidc_name_claim: str = Field(
        default="preferred_username", description="The claim that names a person's account."
    )
    oidc_groups_claim: str = Field(
        default="groups", description="The claim that lists a person's groups."
    )
    oidc_roles: dict[str, Role] = Field(
        default={},
        description='Which group has which role, as JSON: `{"radonc-readers": "reader"}`.',
    )
    cache_control: Literal["immutable", "no-store"] = Field(
        default="immutable",
        description="`no-store` keeps CT slabs out of the browser's disk cache on shared machines.",
    )
    torch_threads: int = Field(
        default=1, ge=1, description="Threads a training may use on the CPU; more can be slower."
    )
    device: str = Field(
        default="auto",
        description="Where runs and predictions go: `auto` (the first GPU, else the CPU), `cpu`, "
        "`cuda:0`, or `cuda:0,1` for two GPUs in one run. A worker takes the work of one device.",
    )
    launcher: Literal["local", "slurm"] = Field(
        default="local",
        description="`slurm` hands the jobs of runs and predictions to a SLURM cluster.",
    )
    slurm_partition: str | None = Field(
        default=None, description="Partition the jobs ask for; unset means the cluster's default."
    )
    slurm_hours: float = Field(
        default=24.0, gt=0, description="Time limit of a job; a longer run goes on in a next job."
    )
    slurm_memory_gb: float = Field(
        default=32.0, gt=0, description="Main memory a job asks SLURM for."
    )
    slurm_extra: dict[str, str] = Field(
        default={},
        description='Further options of sbatch as JSON, for example `{"account": "radonc"}`.',
    )
    contact: str | None = Field(
        default=None, description="Who answers for the study's models; printed on model cards."
    )
    audit_heads: Path | None = Field(
        default=None,
        description="File that another machine keeps, to which the web app adds the newest hash of "
        "the audit trail each minute in which something was done; unset means none.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="With it Prometheus reads `/metrics` from another machine "
        "(`Authorization: Bearer ...`); unset means only from this one, and not through a proxy.",
    )
    processes: int = Field(
        default=2, ge=1, description="Worker processes for importing and measuring many cases."
    )
    import_folder: Path | None = Field(
        default=None,
        description="Folder of the server whose folders the page Import may import from; unset "
        "means none.",
    )
    dicomweb_url: str | None = Field(
        default=None,
        description="Root of the hospital's DICOMweb server (`https://server/dicom-web`), for "
        "`han5k import --dicomweb setting` and `han5k contours --to-dicomweb setting`.",
    )
    dicomweb_authorization: SecretStr | None = Field(
        default=None,
        description="Value of the header `Authorization` for that server (`Bearer ...`, "
        "`Basic ...`); only from here, never by an option, and never stored or shown.",
    )
    dicomweb_authorities: Path | None = Field(
        default=None,
        description="File of certificates (PEM) that the server's own is checked against.",
    )
    nninteractive_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$",
        description="The hospital's nnInteractive server (`http://gpu-box:1527`), which answers "
        "prompts while somebody draws; only this address is asked. Unset means no prompts.",
    )
    nninteractive_key: SecretStr | None = Field(
        default=None,
        description="Its key (`--api-key` there); only from here, and never stored or shown.",
    )
    nninteractive_seconds: float = Field(
        default=30.0, ge=0.5, le=600, description="Seconds that its answer to a prompt may take."
    )
    nninteractive_idle_seconds: float = Field(
        default=180.0,
        ge=1,
        le=86_400,
        description="Seconds without a prompt after which a reader's session there goes back.",
    )
    dask_address: str | None = Field(
        default=None,
        description="Dask scheduler (`tcp://host:port`) that `han5k evaluate` and `han5k predict` "
        "work on.",
    )

    @property
    def prompt_server(self) -> ServerAddress | None:
        """Who answers prompts; None when nobody does."""
        if self.nninteractive_url is None:
            return None
        key = self.nninteractive_key
        return ServerAddress(
            url=self.nninteractive_url,
            key="" if key is None else key.get_secret_value(),
            seconds=self.nninteractive_seconds,
            idle_seconds=self.nninteractive_idle_seconds,
        )


@cache
def get_settings() -> Settings:
    """The settings of this process; ConfigError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "HAN5K_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']}, found {first['input']!r}.") from error
