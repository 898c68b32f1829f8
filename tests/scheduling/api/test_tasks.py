from __future__ import annotations

from scheduling.registry import registry
from tests.scheduling.api.case import ApiTestCase


class TaskTests(ApiTestCase):
    def test_lists_every_task(self):
        data = self.api.get("/api/tasks?page_size=200").data

        self.assertEqual([task["name"] for task in data["results"]], registry.names())

    def test_shows_what_a_form_needs(self):
        data = self.api.get("/api/tasks/tests.typed").data

        self.assertEqual(data["description"], "Take a parameter of each common type.")
        self.assertEqual(data["parameters"]["required"], ["amount"])
        self.assertEqual(data["parameters"]["properties"]["mode"]["enum"], ["fast", "slow"])
        self.assertEqual((data["max_attempts"], data["backoff_seconds"]), (3, 7))
        self.assertIs(data["retry_lost"], True)

    def test_finds_a_task_by_its_former_name(self):
        self.assertEqual(self.api.get("/api/tasks/tests.former_name").data["name"], "tests.typed")

    def test_suggests_a_name(self):
        response = self.api.get("/api/tasks/tests.eco")

        self.assertEqual(response.status_code, 404)
        self.assertIn("Did you mean 'tests.echo'?", response.data["detail"])
