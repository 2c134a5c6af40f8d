"""What the operator decides: where to listen, who may come in, and how much a client may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from downloader.errors import UsageError
from downloader.settings import Settings
from downloader.surroundings import Surroundings

LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one job, and one request, may take; bytes."""

    body: int = 64 << 20  # of a request
    unpacked: int = 1 << 30  # of a list, once it is unpacked
    urls: int = 1_000_000
    job_bytes: int = 100 << 30  # of the images of a job
    job_pixels: int = 1_000_000_000_000  # of the images that a job works on
    waiting: int = 1000  # jobs that have not ended


@dataclass(frozen=True, slots=True)
class Serving:
    """All that the service is started with. Raises UsageError for an address that everybody could use."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = field(default=None, repr=False)
    no_auth: bool = False
    public_hosts: tuple[str, ...] = ()  # names by which clients reach it, besides the loopback's
    max_running: int = 2
    disk_floor: int = 512 << 20
    bounds: Bounds = field(default_factory=Bounds)
    settings: Settings = field(default_factory=Settings)  # of every job, and the most that a client may ask for
    surroundings: Surroundings = field(default_factory=Surroundings)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # of the jobs' processes

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token and not self.no_auth:
            raise UsageError(
                f"--host {self.host} lets others in: set DOWNLOADER_TOKEN or DOWNLOADER_TOKEN_FILE, "
                "or say --no-auth if everybody who reaches it may use it"
            )

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names, without ports, that a request may call us by."""
        return LOOPBACK | {self.host.lower()} | {name.lower() for name in self.public_hosts}

    def folder(self, job: str) -> Path:
        """Give a job's own folder."""
        return self.jobs_folder / job

    @property
    def jobs_folder(self) -> Path:
        """Where each job has its folder."""
        return self.data / "jobs"
