from tests.report.builders import (
    BROKEN,
    EMPTY,
    FIELD_TEXT,
    HOSTILE,
    INCOMPLETE,
    NAMELESS,
    SECRET,
    hostile,
    occurrence,
    render,
    report,
    warning,
)
from tests.report.readers import read_commands
from webhook.kube.text import visible


def test_a_finding_is_an_annotation_on_its_line() -> None:
    name, properties, message = read_commands(render(report(occurrence("./shop/web.yaml")), "github"))[0]
    assert name == "error"
    assert properties == {"file": "shop/web.yaml", "line": "14", "col": "21", "endColumn": "26", "title": "unregistered-plugin"}
    assert message.split("\n") == [
        'no binding plugin named "pastt" is registered; did you mean "passt"?',
        f"VirtualMachine shop/web-01, {FIELD_TEXT}",
        'help: registered are "passt"',
    ]


def test_a_warning_is_a_warning() -> None:
    assert read_commands(render(report(warning()), "github"))[0][0] == "warning"


def test_unreadable_input_is_an_error_as_far_as_its_place_is_known() -> None:
    commands = read_commands(render(report(unreadable=(BROKEN, SECRET, NAMELESS)), "github"))
    assert commands[:3] == [
        ("error", {"file": "broken.yaml", "line": "3", "col": "1", "title": "unreadable"}, "a tab may not indent; use spaces"),
        ("error", {"file": "secret.yaml", "title": "unreadable"}, "permission denied"),
        ("error", {"title": "unreadable"}, "no input"),
    ]


def test_an_incomplete_run_is_a_warning_and_an_error_where_it_fails() -> None:
    command = ("warning", {"title": "incomplete"}, "incomplete: no registry was found, so 3 rules did not run; give --registry FILE")
    assert read_commands(render(INCOMPLETE, "github"))[0] == command
    command = ("error", {"title": "incomplete"}, "incomplete: no object was checked; check the paths")
    assert read_commands(render(EMPTY, "github"))[0] == command


def test_summary_and_notes_are_one_notice() -> None:
    name, properties, message = read_commands(render(report(notes=("no version given", "50% skipped")), "github"))[-1]
    assert (name, properties) == ("notice", {"title": "bindguard"})
    assert message.split("\n")[0].startswith("clean: ")
    assert message.split("\n")[1:] == ["no version given", "50% skipped"]


def test_properties_and_messages_are_escaped_as_the_runner_expects() -> None:
    text = render(report(occurrence("a,b:100%.yaml", message="100%, or: more")), "github")
    assert "file=a%2Cb%3A100%25.yaml," in text
    assert "::100%25, or: more%0A" in text


def test_hostile_text_gives_no_command_of_its_own() -> None:
    for text in HOSTILE:
        lines = render(report(hostile(text), notes=(text,)), "github").split("\n")
        assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::notice", ""]


def test_hostile_text_is_still_told() -> None:
    for text in HOSTILE:
        _, properties, message = read_commands(render(report(hostile(text)), "github"))[0]
        assert message.startswith(visible(text))
        assert properties["title"] == "unregistered-plugin"
