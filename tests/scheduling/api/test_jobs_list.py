from __future__ import annotations

from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase


class ListTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        make_job(key="alpha", name="Zeta", owner=cls.alice, description="Watches the yen.")
        make_job(key="beta", name="Eta", owner=cls.alice, task="tests.fail").pause("Holidays")
        make_job(key="gamma", name="Theta", owner=cls.bob)

    def keys(self, query: str = "") -> list[str]:
        data = self.staff_api.get(f"/api/jobs?{query}").data
        return [job["key"] for job in data["results"]]

    def test_is_in_the_order_of_keys(self):
        self.assertEqual(self.keys(), ["alpha", "beta", "gamma"])

    def test_takes_another_order(self):
        self.assertEqual(self.keys("ordering=name"), ["beta", "gamma", "alpha"])
        self.assertEqual(self.keys("ordering=-key"), ["gamma", "beta", "alpha"])

    def test_filters_by_state_task_and_owner(self):
        self.assertEqual(self.keys("state=paused"), ["beta"])
        self.assertEqual(self.keys("state=paused&state=active&owner=alice"), ["alpha", "beta"])
        self.assertEqual(self.keys("task=tests.fail"), ["beta"])
        self.assertEqual(self.keys("owner=bob"), ["gamma"])

    def test_searches_keys_names_descriptions_and_tasks(self):
        self.assertEqual(self.keys("search=BET"), ["beta"])
        self.assertEqual(self.keys("search=theta"), ["gamma"])
        self.assertEqual(self.keys("search=yen"), ["alpha"])
        self.assertEqual(self.keys("search=tests.fail"), ["beta"])

    def test_comes_in_pages(self):
        first = self.staff_api.get("/api/jobs?page_size=2").data

        self.assertEqual(first["count"], 3)
        self.assertEqual(len(first["results"]), 2)
        self.assertIsNone(first["previous"])
        second = self.staff_api.get(first["next"]).data
        self.assertEqual([job["key"] for job in second["results"]], ["gamma"])
        self.assertIsNone(second["next"])

    def test_a_page_past_the_end_is_not_found(self):
        for page in ("2", "0", "-1", "x", "9" * 30):
            self.assertEqual(self.api.get(f"/api/jobs?page={page}").status_code, 404, page)
