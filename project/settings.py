"""Settings of a Daybook installation. Every knob is an environment variable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.templatetags.static import static
from environ import Env

from prices.venues.kis_master import MARKETS as KIS_ALL_MARKETS
from project import environment as env
from project import mail
from project.logs import logging_config
from project.secret import (
    create_database_file,
    read_or_create_field_keys,
    read_or_create_secret,
)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
Env.read_env(BASE_DIR / ".env")

# --- Where things are -------------------------------------------------------
DATA_DIR = env.directory("DATA_DIR", BASE_DIR / "var")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.whole("PORT", 8000, most=65_535)
WEB_CONCURRENCY = env.whole("WEB_CONCURRENCY", 2, most=1000)  # processes of gunicorn
WEB_THREADS = env.whole("WEB_THREADS", 8, most=1000)  # requests at once in each

# --- Security ---------------------------------------------------------------
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or read_or_create_secret(DATA_DIR / "secret_key")
# The first encrypts what is secret in the database, all decrypt.
FIELD_ENCRYPTION_KEYS = env.field_keys("FIELD_ENCRYPTION_KEYS") or read_or_create_field_keys(
    DATA_DIR / "field_encryption_keys"
)
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]", HOST]
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS")  # True behind a proxy that terminates TLS
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)/?$"]  # probes come from inside, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
X_FRAME_OPTIONS = "DENY"
# Nothing from other hosts, and no script in a page. Unfold's Alpine evaluates what stands in its
# attributes, and its colours stand in a style element: those two, and nothing else.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # bulk actions of the admin name each job

# --- Apps -------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "project.admin_config.PagesOnDemand",  # the admin; project.urls loads its pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_apscheduler",
    "django_filters",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "vault",
    "scheduling",
    "prices",
    "snapshots",
    "project",
    *env.packages("EXTRA_APPS"),  # your own apps: their tasks.py is found
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "project.middleware.ApiPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
APPEND_SLASH = True
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"  # which sends everybody to their own pages
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Database ---------------------------------------------------------------
# A path is no URL: DATA_DIR may have blanks, plus and percent signs.
SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(DATA_DIR / "daybook.sqlite3"),
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL") or SQLITE,
}
# A host that vanishes closes no connection: without these libpq waits for many minutes. The query
# of DATABASE_URL overrides them.
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,  # s, for each address of the host
    "keepalives": 1,
    "keepalives_idle": 10,  # s of silence until the host is asked whether it lives
    "keepalives_interval": 5,  # s between questions
    "keepalives_count": 3,  # unanswered ones
    "tcp_user_timeout": 20_000,  # ms until what was sent must have arrived
}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    given = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = POSTGRESQL_OPTIONS | given
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    create_database_file(
        Path(DATABASES["default"]["NAME"]),
        setting="DATABASE_URL" if env.text("DATABASE_URL") else "DATA_DIR",
    )
    # Readers do not wait for the writer (WAL); a transaction takes its write lock at once, so
    # that two writers queue for up to `timeout` seconds and never fail half-way.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command=(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
        ),
    )
# Opening one for each request or run would cost more than the work; a dead one is noticed.
DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Language and time ------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = env.time_zone("TIME_ZONE")  # of the admin, and of a job that names none
USE_TZ = True

# --- Static files -----------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- REST -------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "scheduling.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "scheduling.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "scheduling.api.schema.Schema",
    "DEFAULT_PARSER_CLASSES": ["scheduling.api.parsers.BodyParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "scheduling.api.errors.with_code",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.whole("API_TOKEN_DAYS", 365, most=3650)),
    "TOKEN_PREFIX": "daybook_",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Daybook",
    "DESCRIPTION": "Scheduled jobs of people who keep portfolios and market data.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobState": "scheduling.models.Job.State",
        "JobSource": "scheduling.models.Job.Source",
        "Overlap": "scheduling.models.Job.Overlap",
        "RunStatus": "scheduling.models.Run.Status",
        "RunOrigin": "scheduling.models.Run.Origin",
        "InstrumentState": "prices.models.Instrument.State",
        "InstrumentKind": "prices.models.Instrument.Kind",
        "FreshnessState": "prices.freshness.State",
        "VenueState": "prices.venue_states.State",
        "SnapshotStatus": "snapshots.models.Snapshot.Status",
        "SnapshotKind": "snapshots.models.Snapshot.Kind",
    },
}

# --- Admin ------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Daybook",
    "SITE_HEADER": "Daybook",
    "SITE_SYMBOL": "event_repeat",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("scheduling/favicon.svg")}
    ],
    "STYLES": [lambda _: static("scheduling/admin.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": False, "navigation": "project.navigation.sidebar"},
    "DASHBOARD_CALLBACK": "scheduling.admin.dashboard.first_page",
    "GLOBAL_CALLBACK": "scheduling.admin.dashboard.each_page",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(33% .052 188.2)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
}

# --- Scheduler --------------------------------------------------------------
RUN_SCHEDULER = env.flag("RUN_SCHEDULER")  # True: in the web process, as a thread
SCHEDULING_THREADS = env.whole("SCHEDULING_THREADS", 20, most=1000)  # runs at once
SCHEDULING_PROCESSES = env.whole("SCHEDULING_PROCESSES", 4, most=1000)  # the same
SCHEDULING_PROCESS_MEMORY_MB = env.whole("SCHEDULING_PROCESS_MEMORY_MB", 2048, least=0)  # 0: any
SCHEDULING_BATCH = env.whole("SCHEDULING_BATCH", 500, most=10_000)  # due jobs locked at once
SCHEDULING_CATCH_UP_CAP = env.whole("SCHEDULING_CATCH_UP_CAP", 100, most=100_000)  # after downtime
SCHEDULING_QUEUE_CAP = env.whole("SCHEDULING_QUEUE_CAP", 100, most=100_000)  # waiting their turn
SCHEDULING_LOG_LINES = env.whole("SCHEDULING_LOG_LINES", 10_000, least=0)  # kept of a run
SCHEDULING_LEASE = env.seconds("SCHEDULING_LEASE", 30.0, least=1)  # of silence: runs are lost
SCHEDULING_HEARTBEAT = env.seconds("SCHEDULING_HEARTBEAT", 5.0, least=0.1)  # between heartbeats
SCHEDULING_TICK_ALARM = env.seconds("SCHEDULING_TICK_ALARM", 20.0, least=1)  # no tick: not healthy
SCHEDULING_MAX_SLEEP = env.seconds("SCHEDULING_MAX_SLEEP", 5.0, least=0.1)  # between ticks, at most
SCHEDULING_SWEEP = env.seconds("SCHEDULING_SWEEP", 2.0, least=0.1)  # between looks for lost runs
SCHEDULING_POLL = env.seconds("SCHEDULING_POLL", 0.05, least=0.01)  # between looks, on SQLite
SCHEDULING_FLUSH = env.seconds("SCHEDULING_FLUSH", 0.01)  # whose outcomes are written together
SHUTDOWN_GRACE = env.seconds("SHUTDOWN_GRACE", 30.0)  # for running runs to finish
SCHEDULING_STOP_GRACE = env.seconds("SCHEDULING_STOP_GRACE", 2.0)  # for those told to stop

# --- Clean-up ---------------------------------------------------------------
# Of what has ended; what has not is never touched.
CLEANUP_RUN_DAYS = env.whole("CLEANUP_RUN_DAYS", 30, most=36_500)
CLEANUP_FAILURE_DAYS = env.whole("CLEANUP_FAILURE_DAYS", 90, most=36_500)  # longer: to be looked at
CLEANUP_LOG_DAYS = env.whole("CLEANUP_LOG_DAYS", 14, most=36_500)  # logs and artifacts are large
CLEANUP_RUNS_PER_JOB = env.whole("CLEANUP_RUNS_PER_JOB", 10_000)  # failures, and as many others

# --- Metrics ----------------------------------------------------------------
METRICS_TOKEN = env.text("METRICS_TOKEN")  # for Prometheus, which is no user
METRICS_WITHOUT_JOBS = env.flag("METRICS_WITHOUT_JOBS")  # True: no time series for each job

# --- Venues -----------------------------------------------------------------
UPBIT_URL = env.web_address("UPBIT_URL", "https://api.upbit.com")
# By ccxt, beside the venues that are built in; none is called unless it is named here.
CCXT_EXCHANGES = [name.lower() for name in env.listed("CCXT_EXCHANGES")]  # binance,kraken
CCXT_SETTINGS = env.of_exchanges("CCXT")  # CCXT_BINANCE_URL, _API_KEY, _SECRET, _PASSWORD
KIS_URL = env.web_address("KIS_URL", "https://openapi.koreainvestment.com:9443")
KIS_MASTER_URL = env.web_address(
    "KIS_MASTER_URL", "https://new.real.download.dws.co.kr/common/master"
)
KIS_APP_KEY = env.secret("KIS_APP_KEY")
KIS_APP_SECRET = env.secret("KIS_APP_SECRET")
KIS_CALLS_PER_SECOND = env.number("KIS_CALLS_PER_SECOND", 15.0, least=0.1, most=20.0)
KIS_MARKETS = env.some_of("KIS_MARKETS", KIS_ALL_MARKETS)  # whose instruments are listed
VENUE_CONNECT_TIMEOUT = env.seconds("VENUE_CONNECT_TIMEOUT", 5.0, least=0.1)
VENUE_READ_TIMEOUT = env.seconds("VENUE_READ_TIMEOUT", 10.0, least=0.1)  # of silence
# Whose new instruments are tracked by the jobs ohlcv_daily and ohlcv_hourly.
TRACKED_MARKETS = env.markets("TRACKED_MARKETS", "upbit:KRW")
COLLECTION_THREADS = env.whole("COLLECTION_THREADS", 4, most=64)  # that call one venue

# --- Snapshots --------------------------------------------------------------
SNAPSHOT_USER_ID = env.text("SNAPSHOT_USER_ID", "admin")
SNAPSHOT_SOURCE = env.text("SNAPSHOT_SOURCE", "cointracking")
REPORTING_CURRENCY = env.text("REPORTING_CURRENCY", "USD")  # of who has not chosen one
# What is asked for every ten minutes, with a token of its own: manage.py create_api_token.
API_BASE_URL = env.web_address("API_BASE_URL", f"http://127.0.0.1:{PORT}")
API_WARMER_TOKEN = env.secret("API_WARMER_TOKEN")
API_WARMER_ENDPOINTS = env.paths(
    "API_WARMER_ENDPOINTS", "/balances/current,/portfolio/metrics,/api/risk/dashboard"
)
# By source, until its data is late; after three times as long it is stale.
STALE_AFTER_HOURS = {
    "cointracking": env.number("COINTRACKING_STALE_AFTER_HOURS", 24.0, least=0.1, most=8760.0),
    "saxo": env.number("SAXO_STALE_AFTER_HOURS", 24.0, least=0.1, most=8760.0),
    "saxo_api": env.number("SAXO_STALE_AFTER_HOURS", 24.0, least=0.1, most=8760.0),
    "manual": 720.0,  # what somebody enters by hand is not entered each day
}
# Who gets a mail when that changes, and how: smtp+tls://user:password@host:587.
NOTIFY_EMAILS = mail.addresses("NOTIFY_EMAILS")
globals().update(mail.mail_server("EMAIL_URL"))
EMAIL_TIMEOUT = 10  # s
DEFAULT_FROM_EMAIL = mail.address("EMAIL_FROM", env.text("EMAIL_FROM", "daybook@localhost"))
# Whatever changes in an answer builds it anew; so it may last until api_warmers comes again.
PORTFOLIO_CACHE_SECONDS = env.whole("PORTFOLIO_CACHE_SECONDS", 900, least=0, most=86_400)
SNAPSHOT_MIN_USD = env.text("SNAPSHOT_MIN_USD", "1.0")  # hides rows, never changes totals
# Of their simulation: https://gateway.saxobank.com/sim/openapi, https://sim.logonvalidation.net
SAXO_URL = env.web_address("SAXO_URL", "https://gateway.saxobank.com/openapi")
SAXO_LOGIN_URL = env.web_address("SAXO_LOGIN_URL", "https://live.logonvalidation.net")
COINTRACKING_URL = env.web_address("COINTRACKING_URL", "https://cointracking.info")
# How old what stands in for a part that failed may be; after that there is a gap.
SNAPSHOT_CARRY_MINUTES = env.whole("SNAPSHOT_CARRY_MINUTES", 60, least=0, most=10_000)
SNAPSHOT_CARRY_EOD_HOURS = env.whole("SNAPSHOT_CARRY_EOD_HOURS", 24, least=0, most=1000)
# shadow: G2, G3 and G4 only note what they would hold back, until their limits fit your accounts.
SNAPSHOT_GUARDS = env.choice("SNAPSHOT_GUARDS", ("enforce", "shadow"))
SNAPSHOT_GUARD_VANISHED_PERCENT = env.whole("SNAPSHOT_GUARD_VANISHED_PERCENT", 2, most=100)
SNAPSHOT_GUARD_SHARE_POINTS = env.whole("SNAPSHOT_GUARD_SHARE_POINTS", 10, most=100)
SNAPSHOT_GUARD_JUMP_PERCENT = env.whole("SNAPSHOT_GUARD_JUMP_PERCENT", 30, most=1000)
SNAPSHOT_GUARD_DEVIATIONS = env.whole("SNAPSHOT_GUARD_DEVIATIONS", 8, most=1000)
# So many further answers that agree accept a suspect; 0: only people do.
SNAPSHOT_CONFIRMATIONS = env.whole("SNAPSHOT_CONFIRMATIONS", 2, least=0, most=100)
SNAPSHOT_CONFIRM_MINUTES = env.whole("SNAPSHOT_CONFIRM_MINUTES", 5, most=1000)

# --- Logs -------------------------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", ("text", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"))
LOGGING = logging_config(LOG_FORMAT, LOG_LEVEL)
