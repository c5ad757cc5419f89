"""What the routes of a server work with, made once and ended in order."""

from typing import Annotated

from fastapi import Depends, Request

from engine.desk.runs import engine_version
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.server.audit import AuditTrail
from xl_addin.server.auth import start_rules
from xl_addin.server.auth.api_keys import ApiKeys
from xl_addin.server.auth.authenticator import Authenticator, MachineToken, Provider
from xl_addin.server.auth.oidc import Oidc
from xl_addin.server.auth.token_file import TokenFile
from xl_addin.server.auth.users import User
from xl_addin.server.batch import Batches
from xl_addin.server.computing import Computing
from xl_addin.server.door import DeskDoor
from xl_addin.server.jobs import Jobs
from xl_addin.server.limits import RateLimit
from xl_addin.server.metrics import Metrics
from xl_addin.server.records import Records
from xl_addin.server.settings import ServerSettings
from xl_addin.server.workers import Workers


class Services:
    """The parts of a running server."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.door = DeskDoor(settings.storage)
        self.memory = ResultMemory(shared=self.door.cache, stamp=f"{engine_version()} {fingerprint()}")
        self.workers = Workers(settings.n_workers, settings.storage)
        self.computing = Computing(Dispatcher(self.memory), self.workers)
        self.jobs = Jobs(settings.n_workers, settings.storage)
        self.batches = Batches(
            Dispatcher(self.memory), self.computing, self.door, settings.batch_seconds, self.jobs.status
        )
        self.limit = RateLimit(settings.requests_per_second, settings.burst)
        start_rules.check(settings, self.door)
        self.authenticator = Authenticator(_providers(settings, self.door))
        self.metrics = Metrics()
        self._trail = AuditTrail(self.door)
        self.records = Records(self.metrics, self._trail)

    async def start(self) -> None:
        """Start what runs beside the requests."""
        self.workers.start()
        self.computing.start()
        self._trail.start()

    async def stop(self) -> None:
        """End everything, the work of requests being done."""
        await self.jobs.stop()
        await self.computing.stop()
        await self.workers.stop()
        await self._trail.stop()
        self.door.close()


def _providers(settings: ServerSettings, door: DeskDoor) -> list[Provider]:
    """Ways to know a user, the one that takes any credential last."""
    providers: list[Provider] = [ApiKeys(door)]
    if settings.has_oidc:
        providers.append(Oidc(settings))
    if settings.is_loopback:
        file = TokenFile(settings.storage.data_dir)
        file.make()
        providers.append(MachineToken(file))
    return providers


def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    found: Services = request.app.state.services
    return found


async def signed_in(request: Request) -> User:
    """The user of a request, counted against their limit; for `Depends`."""
    services = services_of(request)
    user = await services.authenticator.user(request)
    services.limit.take(user.name)
    request.state.user = user
    return user


SignedIn = Annotated[User, Depends(signed_in)]
"""The user of a request, as the parameter of a route."""
