"""What all pages of the admin share."""

from __future__ import annotations

import re
from datetime import timedelta

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from knox.models import AuthToken

from scheduling.models import Worker
from tests.factories import make_job, make_run, make_worker
from tests.prices.factories import make_instrument
from tests.scheduling.admin.case import AdminTestCase, job_page, run_page, staff_with

ASSET = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["']([^"']*)""")
INLINE = re.compile(r"""\son[a-z]+=["']""")


class AssetTests(AdminTestCase):
    def test_no_page_loads_anything_from_elsewhere(self):
        job, run = make_job(), make_run()
        pages = [
            reverse("admin:index"), job_page("changelist"), job_page("add"),
            job_page("change", job.pk), job_page("pause", job.pk), job_page("delete", job.pk),
            run_page("changelist"), run_page("change", run.pk),
            reverse("admin:scheduling_worker_changelist"), reverse("admin:auth_user_changelist"),
            reverse("admin:prices_instrument_changelist"), reverse("admin:prices_rate_add"),
            reverse("admin:prices_instrument_change", args=[make_instrument().pk]),
            reverse("admin:prices_budget_changelist"),
        ]  # fmt: skip

        for page in pages:
            html = self.client.get(page).content.decode()
            assets = ASSET.findall(html)
            self.assertTrue(assets)
            self.assertEqual([url for url in assets if not url.startswith("/static/")
                              and not url.startswith("/admin/jsi18n/")], [], page)  # fmt: skip
            self.assertIsNone(INLINE.search(html), page)


class BannerTests(AdminTestCase):
    def test_warns_when_no_scheduler_runs(self):
        self.assertContains(self.client.get(job_page("changelist")), "No scheduler is running")

    def test_says_since_when_a_scheduler_is_silent(self):
        an_hour_ago = timezone.now() - timedelta(hours=1)
        make_worker(name="host:1", heartbeat_at=an_hour_ago, last_tick_at=an_hour_ago)

        page = self.client.get(reverse("admin:index"))

        self.assertContains(page, "The scheduler host:1 has not looked for due jobs since")

    def test_says_nothing_while_one_ticks(self):
        make_worker(heartbeat_at=timezone.now(), last_tick_at=timezone.now())

        page = self.client.get(job_page("changelist"))

        self.assertNotContains(page, 'role="alert"')

    def test_says_nothing_to_those_who_are_not_logged_in(self):
        self.client.logout()

        page = self.client.get(reverse("admin:login"))

        self.assertNotContains(page, 'role="alert"')


class FirstPageTests(AdminTestCase):
    def test_counts_jobs_and_runs_and_shows_what_failed(self):
        now = timezone.now()
        make_job(name="Soon")
        make_job(name="Resting").pause("")
        make_run(
            make_job(key="weak"), status="failed", scheduled_at=now - timedelta(hours=1),
            finished_at=now, error="no such file",
        )  # fmt: skip

        page = self.client.get(reverse("admin:index"))

        self.assertContains(page, '<b>2</b><span class="db-label db-good">Active</span>')
        self.assertContains(page, '<b>1</b><span class="db-label db-warn">Paused</span>')
        self.assertContains(page, '<b>1</b><span class="db-label db-bad">Failed</span>')
        self.assertContains(page, "Soon")
        self.assertContains(page, "no such file")

    def test_shows_only_what_a_person_may_see(self):
        make_job(name="Soon")
        self.client.force_login(staff_with("view_worker"))

        page = self.client.get(reverse("admin:index"))

        self.assertNotContains(page, "Soon")
        self.assertContains(page, "You may open the pages that the side bar lists.")


class SideBarTests(AdminTestCase):
    def test_leads_to_all_the_lists_and_to_the_api(self):
        page = self.client.get(reverse("admin:index"))

        for link in (
            "scheduling/job", "scheduling/run", "scheduling/worker", "snapshots/snapshot",
            "snapshots/account", "auth/user", "knox/authtoken", "prices/instrument",
            "prices/budget", "prices/rate", "prices/corporateaction", "prices/fundamentals",
            "prices/candlerevision",
        ):  # fmt: skip
            self.assertContains(page, f'href="/admin/{link}/"')
        self.assertContains(page, 'href="/api/docs"')

    def test_leads_nowhere_that_a_person_may_not_go(self):
        self.client.force_login(staff_with("view_run"))

        page = self.client.get(reverse("admin:index"))

        self.assertContains(page, 'href="/admin/scheduling/run/"')
        self.assertNotContains(page, 'href="/admin/scheduling/job/"')


class OtherAdminTests(AdminTestCase):
    def test_the_clocks_cannot_be_edited_beside_their_jobs(self):
        self.assertFalse(admin.site.is_registered(DjangoJob))
        self.assertFalse(admin.site.is_registered(DjangoJobExecution))

    def test_those_who_are_not_staff_are_sent_to_the_login(self):
        self.client.force_login(staff_with())
        type(self.admin).objects.exclude(pk=self.admin.pk).update(is_staff=False)

        answer = self.client.get(job_page("changelist"))

        self.assertRedirects(answer, f"{reverse('admin:login')}?next={job_page('changelist')}")

    def test_people_and_tokens_have_pages(self):
        AuthToken.objects.create(self.admin)

        for name in ("auth_user", "auth_group", "knox_authtoken"):
            answer = self.client.get(reverse(f"admin:{name}_changelist"))
            self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.client.get(reverse("admin:auth_user_add")).status_code, 200)

    def test_a_token_is_revoked_and_never_made_here(self):
        token, _ = AuthToken.objects.create(self.admin)

        made = self.client.post(reverse("admin:knox_authtoken_add"))
        self.client.post(reverse("admin:knox_authtoken_delete", args=[token.pk]), {"post": "yes"})

        self.assertEqual(made.status_code, 403)
        self.assertFalse(AuthToken.objects.exists())


class WorkerTests(AdminTestCase):
    def test_says_who_is_alive_and_who_is_in_trouble(self):
        now = timezone.now()
        make_worker(
            name="host:1", heartbeat_at=now, last_tick_at=now, trouble="disk is full", tasks=["a"]
        )
        make_worker(name="host:2", heartbeat_at=now - timedelta(hours=1))
        make_worker(name="host:3", heartbeat_at=now, stopped_at=now)

        page = self.client.get(reverse("admin:scheduling_worker_changelist"))

        for text in (
            "Alive",
            "disk is full",
            "<small>1 task</small>",
            "Silent",
            "1 h ago",
            "Stopped",
        ):
            self.assertContains(page, text)

    def test_nobody_adds_changes_or_deletes_one(self):
        worker = make_worker()

        for name, args in (("add", []), ("delete", [worker.pk])):
            url = reverse(f"admin:scheduling_worker_{name}", args=args)
            self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)

        self.assertTrue(Worker.objects.exists())

    def test_can_be_looked_at(self):
        worker = make_worker(name="host:1")

        page = self.client.get(reverse("admin:scheduling_worker_change", args=[worker.pk]))

        self.assertContains(page, "host:1")


class LoginTests(AdminTestCase):
    def test_the_login_leads_to_the_first_page(self):
        self.client.logout()

        answer = self.client.post(
            reverse("admin:login"), {"username": "admin", "password": "secret"}, follow=True
        )

        self.assertRedirects(answer, reverse("admin:index"))
