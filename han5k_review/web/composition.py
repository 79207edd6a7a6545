"""What `app.py` hands to the server: our routes and the guard in front of everything."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from han5k_review import __version__
from han5k_review.accounts.sessions import SessionLimits, set_limits
from han5k_review.accounts.study_key import KEY_NAME, read_or_create_key
from han5k_review.errors import ConfigError
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.settings import Settings
from han5k_review.store.study import Study
from han5k_review.web.contour_routes import build_contour_router
from han5k_review.web.description import build_description, render_page
from han5k_review.web.desk import Desk
from han5k_review.web.dose_routes import build_dose_router
from han5k_review.web.draft_answers import answer_json
from han5k_review.web.draft_room import DraftRoom
from han5k_review.web.draft_routes import build_draft_router
from han5k_review.web.drain import Drain
from han5k_review.web.encoding import AnswerCache
from han5k_review.web.entrance import Entrance
from han5k_review.web.entrance_page import reference_page
from han5k_review.web.export_routes import build_export_router
from han5k_review.web.grade_routes import build_grade_router
from han5k_review.web.guard import SIGN_IN, Guard, GuardRules
from han5k_review.web.headers import build_policy
from han5k_review.web.health import answer_health, answer_readiness
from han5k_review.web.hospital_entrance import (
    HOSPITAL,
    HOSPITAL_ANSWER,
    HospitalEntrance,
)
from han5k_review.web.label_set_routes import build_label_set_router
from han5k_review.web.list_routes import build_list_router
from han5k_review.web.lock_routes import build_lock_router
from han5k_review.web.mask_routes import build_mask_router
from han5k_review.web.meters import Meters, answer_metrics
from han5k_review.web.monailabel.routes import build_monai_label_router
from han5k_review.web.observer import Observer
from han5k_review.web.oidc import Provider, check_issuer
from han5k_review.web.problems import add_problem_handlers, by_method
from han5k_review.web.prompt_room import build_prompt_room
from han5k_review.web.prompt_routes import build_prompt_router
from han5k_review.web.proxies import parse_proxies
from han5k_review.web.run_routes import build_run_router
from han5k_review.web.signature_routes import build_signature_router
from han5k_review.web.viewer_files import build_viewer_route
from han5k_review.web.volume_routes import build_volume_router

REFERENCE = "/api-reference"
_ANSWER_CACHE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What watches over one process: its meters, whether it is about to end, what it does then."""

    meters: Meters
    drain: Drain = field(default_factory=Drain)
    ends: ExitStack = field(default_factory=ExitStack)


def build_routes(study: Study, settings: Settings, watch: Watch | None = None) -> list[BaseRoute]:
    """What stands before Streamlit's routes.

    `/api`, the viewer's scripts, sign-in and -out, health, readiness, metrics.
    """
    watch = watch or Watch(meters=Meters(study.root))
    key = read_or_create_key(study.root / KEY_NAME)
    limits = set_limits(settings.session_hours, settings.idle_minutes)
    hospital = _build_hospital(study, settings, limits, key)
    entrance = Entrance(study=study, limits=limits, key=key, has_hospital=hospital is not None)
    api = build_api(study, settings, watch)
    routes: list[BaseRoute] = [
        Mount("/api", api),
        build_viewer_route(),
        by_method(REFERENCE, GET=partial(_answer_reference, api)),
        by_method(SIGN_IN, GET=entrance.show_sign_in, POST=entrance.post_sign_in),
        by_method("/sign-out", GET=entrance.show_sign_out, POST=entrance.post_sign_out),
        by_method("/healthz", GET=partial(answer_health, study)),
        by_method("/readyz", GET=partial(answer_readiness, study, watch.drain)),
        by_method("/metrics", GET=partial(answer_metrics, watch.meters, settings.metrics_token)),
    ]
    if hospital is not None:
        routes.append(by_method(HOSPITAL, GET=hospital.leave))
        routes.append(by_method(HOSPITAL_ANSWER, GET=hospital.come_back))
    return routes


def _build_hospital(
    study: Study, settings: Settings, limits: SessionLimits, key: bytes
) -> HospitalEntrance | None:
    if settings.oidc_issuer is None:
        return None
    if settings.public_url is None or not settings.oidc_roles:
        raise ConfigError(
            "HAN5K_PUBLIC_URL and HAN5K_OIDC_ROLES were expected beside HAN5K_OIDC_ISSUER."
        )
    provider = Provider(
        issuer=check_issuer(settings.oidc_issuer),
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        answer_url=f"{settings.public_url}{HOSPITAL_ANSWER}",
        name_claim=settings.oidc_name_claim,
        groups_claim=settings.oidc_groups_claim,
    )
    return HospitalEntrance(
        study=study, limits=limits, provider=provider, roles=settings.oidc_roles, key=key
    )


def build_middleware(
    study: Study,
    settings: Settings,
    inline_scripts: Sequence[str] = (),
    watch: Watch | None = None,
) -> list[Middleware]:
    """The guard in front of everything; before it only what measures and decides nothing.

    Of inline scripts only these run.
    """
    url = (settings.public_url or "").lower()
    rules = GuardRules(
        limits=set_limits(settings.session_hours, settings.idle_minutes),
        policy=build_policy(inline_scripts),
        proxies=parse_proxies(settings.trusted_proxies),
        host=url.partition("://")[2] or None,
        is_https=url.startswith("https://"),
        key=read_or_create_key(study.root / KEY_NAME),
    )
    watch = watch or Watch(meters=Meters(study.root))
    return [
        Middleware(Observer, meters=watch.meters, drain=watch.drain, study=study.root),
        Middleware(Guard, study=study, rules=rules),
    ]


async def _answer_reference(api: FastAPI, _request: Request) -> Response:
    return reference_page(render_page(build_description(api)))


async def _answer_description(api: FastAPI, _request: Request) -> Response:
    return answer_json(build_description(api))


def build_api(study: Study, settings: Settings, watch: Watch | None = None) -> FastAPI:
    """The routes of docs/transport.md and docs/api.md.

    The framework's own pages about them load scripts from elsewhere; ours is `REFERENCE`.
    """
    api = FastAPI(
        title="HaN5K Review",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    desk = Desk(
        study=study,
        cache_control=settings.cache_control,
        answers=AnswerCache(capacity_bytes=_ANSWER_CACHE_BYTES),
    )
    for build_router in (
        build_list_router,
        build_volume_router,
        build_dose_router,
        build_mask_router,
        build_label_set_router,
        build_grade_router,
        build_export_router,
        build_lock_router,
        build_contour_router,
        build_signature_router,
        build_monai_label_router,
    ):
        api.include_router(build_router(desk))
    drafts = DraftRoom(study=study, rules=read_edit_rules(study.tables))
    ends = ExitStack() if watch is None else watch.ends
    api.include_router(build_draft_router(drafts))
    api.include_router(build_prompt_router(build_prompt_room(drafts, settings, ends.callback)))
    api.include_router(build_run_router(desk, settings))
    api.routes.append(by_method("/openapi.json", GET=partial(_answer_description, api)))
    add_problem_handlers(api)
    return api
