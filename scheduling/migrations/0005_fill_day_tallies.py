"""What the tallies had counted before there were tallies by day, counted by day too."""

from django.db import migrations

DAY = {
    "sqlite": "substr(scheduled_at, 1, 10)",
    "postgresql": "(scheduled_at AT TIME ZONE 'UTC')::date",
}
MICROSECONDS = {
    "sqlite": "CAST(ROUND((julianday({end}) - julianday({begin})) * 86400000000.0) AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM ({end} - {begin})) * 1000000 AS bigint)",
}
FILL = """
    INSERT INTO scheduling_daytally (
        job_id, day, owner_id, status, runs, started,
        duration_microseconds, longest_microseconds, lateness_microseconds, latest_microseconds
    )
    SELECT
        job_id, day, owner_id, status, count(*), count(took),
        coalesce(sum(CASE WHEN took > 0 THEN took END), 0),
        coalesce(max(CASE WHEN took > 0 THEN took END), 0),
        coalesce(sum(CASE WHEN late > 0 THEN late END), 0),
        coalesce(max(CASE WHEN late > 0 THEN late END), 0)
    FROM (
        SELECT {job} AS job_id, coalesce(owner_id, 0) AS owner_id, status,
            {day} AS day, {took} AS took, {late} AS late
        FROM scheduling_run
        WHERE id <= %s AND status NOT IN ('pending', 'running') {condition}
    ) AS ended
    GROUP BY job_id, day, owner_id, status
"""


def fill(apps, schema_editor):
    mark = apps.get_model("scheduling", "TallyMark").objects.select_for_update().first()
    if mark is None:
        return
    vendor = schema_editor.connection.vendor
    numbers = ", ".join(str(int(number)) for number in mark.left_out)
    left_out = f" AND id NOT IN ({numbers})" if numbers else ""
    with schema_editor.connection.cursor() as cursor:
        for job, condition in (("0", ""), ("job_id", "AND job_id IS NOT NULL")):
            statement = FILL.format(
                job=job,
                condition=condition + left_out,
                day=DAY[vendor],
                took=MICROSECONDS[vendor].format(begin="started_at", end="finished_at"),
                late=MICROSECONDS[vendor].format(begin="due_at", end="started_at"),
            )
            cursor.execute(statement, [mark.counted_to])


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_day_tallies")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
