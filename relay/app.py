"""The composition root: the only place that builds things and knows them all."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from relay.app_talk import TalkParts, create_talk
from relay.auth import Callers
from relay.case_states import CaseStates
from relay.commands import Commands
from relay.crm import TIMEOUT as CRM_TIMEOUT
from relay.crm import ClientCredentials, JwtBearer, OrgConnection, Records, SalesforceCrm, refused_fields
from relay.errors import RelayError
from relay.im import TIMEOUT as IM_TIMEOUT
from relay.im import Callbacks, TencentIm
from relay.jwks import TIMEOUT as JWKS_TIMEOUT
from relay.jwks import Jwks
from relay.membership import Membership
from relay.org import OurOrg
from relay.reconcile import Reconciler
from relay.retry import Patience
from relay.routes.cases import CaseRoutes
from relay.routes.cors import AppCors
from relay.routes.groups import GroupRoutes
from relay.routes.health import HealthRoutes
from relay.routes.history import HistoryRoutes
from relay.routes.openapi import OpenApiRoutes
from relay.routes.problems import on_http_exception, on_relay_error
from relay.routes.requests import Faults, Requests
from relay.routes.tickets import TicketRoutes
from relay.routes.usersig import UserSigRoutes
from relay.routes.webhooks import WebhookRoutes
from relay.settings import Settings
from relay.store import Ledger, open_ledger
from relay.tickets import Tickets
from relay.transport import Http
from relay.worker import Worker

_log = logging.getLogger(__name__)

LEASE = 10.0
COMMAND_WAIT = 4.0
"""Seconds that Apex is kept before a command is answered as queued; its callouts give up after 10."""
RATE = 75.0
"""Tickets and commands that one process begins in a second without a caller, two or more together twice as many."""
_DRAIN = 20.0
"""Seconds that a stopping relay gives to what it has begun; the ledger keeps the rest."""


def create_app(
    settings: Settings | None = None, *, clock: Callable[[], float] = time.time, patience: Patience | None = None
) -> Starlette:
    """The relay as an ASGI application; nothing is opened before it starts.

    settings: those of the environment unless given. clock: Unix seconds. patience: with a vendor, within one attempt.
    While it runs, app.state.worker and app.state.reconciler are what works without callers.
    """
    settings = settings or Settings.from_env()
    app = Starlette(
        lifespan=lambda app: _lifespan(app, settings, clock, patience or Patience()),
        exception_handlers={RelayError: on_relay_error, HTTPException: on_http_exception},
        middleware=[
            Middleware(Requests),
            Middleware(AppCors, origins=settings.relay_allowed_origins),
            Middleware(Faults),
        ],
    )
    app.router.redirect_slashes = False
    return app


def create_crm(settings: Settings, http: Http, patience: Patience) -> SalesforceCrm:
    """Salesforce, as the settings name it."""
    connection = OrgConnection(http, _grant(settings), login_url=settings.salesforce_login_url)
    return SalesforceCrm(
        http,
        connection,
        Records(connection, api_version=settings.salesforce_api_version, patience=patience),
        api_version=settings.salesforce_api_version,
        case_origin=settings.salesforce_case_origin,
        patience=patience,
    )


def _grant(settings: Settings) -> ClientCredentials | JwtBearer:
    if settings.salesforce_private_key_file:
        return JwtBearer.from_file(
            settings.salesforce_client_id, settings.salesforce_username, settings.salesforce_private_key_file
        )
    return ClientCredentials(settings.salesforce_client_id, str(settings.salesforce_client_secret))


def create_im(settings: Settings, http: Http, patience: Patience) -> TencentIm:
    """Tencent Chat, as the settings name it."""
    return TencentIm(
        http,
        api_url=settings.tencent_api_url,
        sdk_app_id=settings.tencent_sdk_app_id,
        secret_key=str(settings.tencent_secret_key),
        admin_id=settings.tencent_admin_id,
        other_admins=settings.tencent_other_admins,
        group_type=settings.tencent_group_type,
        group_owner=settings.tencent_group_owner,
        user_sig_ttl=settings.relay_usersig_ttl,
        patience=patience,
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the core stands on."""

    settings: Settings
    ledger: Ledger
    crm: SalesforceCrm
    im: TencentIm
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Core:
    """What decides."""

    tickets: Tickets
    commands: Commands
    case_states: CaseStates
    worker: Worker
    reconciler: Reconciler


@asynccontextmanager
async def _lifespan(
    app: Starlette, settings: Settings, clock: Callable[[], float], patience: Patience
) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        crm = create_crm(settings, Http(timeout=CRM_TIMEOUT), patience)
        stack.push_async_callback(crm.close)
        im = create_im(settings, _http(stack, IM_TIMEOUT), patience)
        ledger = await open_ledger(settings.relay_database_url)
        stack.push_async_callback(ledger.close)
        talk = create_talk(settings, ledger, crm, im, patience=patience, clock=clock)
        ground = _Ground(settings, ledger, crm, im, clock)
        core = _create_core(ground, talk)

        app.state.worker, app.state.reconciler = core.worker, core.reconciler
        app.router.routes[:] = _routes(ground, talk, core, _callers(settings, stack, clock))
        for warning in settings.warnings:
            _log.warning(warning)
        working = asyncio.gather(core.worker.run(), core.reconciler.run(), talk.messages.run(), talk.sayings.run())
        _log.info("ready", extra={"fields": {"holder": core.worker.holder}})
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            await _drain(core.tickets, core.commands)


def _create_core(ground: _Ground, talk: TalkParts) -> _Core:
    settings, ledger, crm, im, clock = ground.settings, ground.ledger, ground.crm, ground.im, ground.clock
    holder, wakened = secrets.token_hex(8), asyncio.Event()
    tickets = Tickets(
        ledger,
        crm,
        im,
        holder=holder,
        lease=LEASE,
        wait=settings.relay_create_wait,
        says_first_words=settings.relay_first_message,
        wake=talk.wakened.set,
        clock=clock,
    )
    membership = Membership(ledger, crm, im, talk.chronicle, close_grace=settings.relay_close_grace, clock=clock)
    commands = Commands(
        ledger, membership, holder=holder, lease=LEASE, wait=COMMAND_WAIT, wake=wakened.set, clock=clock
    )
    case_states = CaseStates(ledger, wake=wakened.set, clock=clock)
    worker = Worker(
        ledger,
        tickets,
        commands,
        holder=holder,
        lease=LEASE,
        wakened=wakened,
        keep_days=settings.relay_case_info_days,
        per_second=min(RATE, 2 * RATE / settings.web_concurrency),
        clock=clock,
    )
    reconciler = Reconciler(
        ledger,
        crm,
        im,
        membership,
        case_states,
        interval=settings.relay_reconcile_interval,
        deep_interval=settings.relay_deep_interval,
        clock=clock,
    )
    return _Core(tickets, commands, case_states, worker, reconciler)


def _routes(ground: _Ground, talk: TalkParts, core: _Core, callers: Callers) -> list[Route]:
    settings, ledger, crm, im = ground.settings, ground.ledger, ground.crm, ground.im
    org = OurOrg(crm, ledger, login_url=settings.salesforce_login_url)
    callbacks = Callbacks(settings.tencent_sdk_app_id, str(settings.tencent_callback_token), ground.clock)
    allowed = partial(refused_fields, allowed=settings.salesforce_case_fields)
    limit = settings.relay_max_body
    return [
        *TicketRoutes(callers, core.tickets, im, refused_fields=allowed, limit=limit).routes,
        *UserSigRoutes(callers, im, org.check, limit=limit).routes,
        *GroupRoutes(callers, core.commands, org.check, limit=limit).routes,
        *CaseRoutes(callers, core.case_states, org.check).routes,
        *WebhookRoutes(callbacks, talk.messages).routes,
        *HistoryRoutes(callers, talk.history, org.check, limit=limit).routes,
        *HealthRoutes({"store": ledger.ping, "salesforce": crm.ping, "tencent": im.ping}).routes,
        *OpenApiRoutes().routes,
    ]


def _http(stack: AsyncExitStack, timeout: httpx.Timeout) -> Http:
    http = Http(timeout=timeout)
    stack.push_async_callback(http.close)
    return http


def _callers(settings: Settings, stack: AsyncExitStack, clock: Callable[[], float]) -> Callers:
    jwks = Jwks(_http(stack, JWKS_TIMEOUT), settings.relay_app_jwks_url) if settings.relay_app_jwks_url else None
    return Callers(
        jwt_secret=str(settings.relay_app_jwt_secret),
        jwks=jwks,
        api_keys=[str(key) for key in settings.relay_app_api_keys],
        audience=settings.relay_app_jwt_audience or None,
        issuer=settings.relay_app_jwt_issuer or None,
        callout_secrets=[str(secret) for secret in settings.relay_callout_secrets],
        clock=clock,
    )


async def _drain(tickets: Tickets, commands: Commands) -> None:
    try:
        async with asyncio.timeout(_DRAIN):
            await tickets.finish_running()
            await commands.finish_running()
    except TimeoutError:
        _log.warning("stopped while %d tickets were under way: the next start takes them up", len(tickets.held))
