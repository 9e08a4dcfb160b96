from webhook.runtime.certificate.backoff import RepairBackoff


def test_what_is_undone_again_and_again_is_done_ever_more_seldom() -> None:
    repair_backoff, now, waits = RepairBackoff(), 50.0, []
    for _ in range(10):
        waits.append(repair_backoff.left(now))
        now += waits[-1]
        repair_backoff.done(now)
    assert waits == [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_after_calm_it_is_done_at_once_again() -> None:
    repair_backoff = RepairBackoff()
    for _ in range(5):
        repair_backoff.done(0)
    assert repair_backoff.left(901) == 0
    repair_backoff.done(901)
    assert repair_backoff.left(901) == 5


def test_the_longest_pause_can_be_a_shorter_one() -> None:
    repair_backoff = RepairBackoff(longest_seconds=7)
    waits = []
    for now in (0, 100, 200, 300):
        repair_backoff.done(now)
        waits.append(repair_backoff.left(now))
    assert waits == [5, 7, 7, 7]
