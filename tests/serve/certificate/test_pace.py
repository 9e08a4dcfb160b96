from webhook.serve.certificate.pace import Pace


def test_what_is_undone_again_and_again_is_done_ever_more_seldom() -> None:
    pace, now, waits = Pace(), 50.0, []
    for _ in range(10):
        waits.append(pace.left(now))
        now += waits[-1]
        pace.done(now)
    assert waits == [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_after_calm_it_is_done_at_once_again() -> None:
    pace = Pace()
    for _ in range(5):
        pace.done(0)
    assert pace.left(901) == 0
    pace.done(901)
    assert pace.left(901) == 5


def test_the_longest_pause_can_be_a_shorter_one() -> None:
    pace = Pace(longest_seconds=7)
    waits = []
    for now in (0, 100, 200, 300):
        pace.done(now)
        waits.append(pace.left(now))
    assert waits == [5, 7, 7, 7]
