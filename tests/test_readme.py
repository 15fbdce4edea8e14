"""The README tells of every setting, and only of those that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from relay import errors, ids
from relay.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
NAME = re.compile(r"[A-Z][A-Z_]+[A-Z]\b")
NOT_IN_SETTINGS = {"TENCENT_REGION"}  # becomes tencent_api_url


def names_in(lines: list[str]) -> set[str]:
    return {name for line in lines for name in NAME.findall(line)}


def settings() -> set[str]:
    return {field.name.upper() for field in fields(Settings)} - {"UNUSED"} | NOT_IN_SETTINGS


def test_the_table_of_settings_names_every_setting_and_no_other() -> None:
    readme = (ROOT / "README.md").read_text().partition("| setting |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")]

    assert names_in(rows) == settings()


def test_the_example_file_names_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert {line.lstrip("# ").partition("=")[0] for line in lines if re.match(r"(# )?[A-Z_]+=", line)} == settings()


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_link_into_a_document_meets_a_heading_there() -> None:
    for document in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text()):
            headings = re.findall(r"^#+ (.+)$", (document.parent / target if target else document).read_text(), re.M)
            assert anchor in map(anchor_of, headings), f"{document.name}: {target}#{anchor}"


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_file_of_the_project_that_the_documents_name_is_there() -> None:
    rooms = "relay|sandbox|apex|lightning_component|tests|bench|docs|examples"
    for document in DOCUMENTS:
        for path in re.findall(rf"`((?:{rooms})/[\w./-]*)`", document.read_text()):
            assert (ROOT / path).exists(), f"{document.name}: {path}"


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()

    named = re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert {"demo", "test"} <= set(named)
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_salesforce_id_of_the_documents_is_one_that_the_relay_takes() -> None:
    found = set()
    for document in DOCUMENTS:
        for record_id in re.findall(r"\b(?:00D|500|005)[A-Za-z0-9]{15}\b", document.read_text()):
            found.add(record_id[:3])
            assert ids.to_18(record_id, record_id[:3]) == record_id, f"{document.name}: {record_id}"

    assert found == {"00D", "500", "005"}


def test_every_code_of_a_problem_has_its_line_in_the_table_for_operators() -> None:
    table = (ROOT / "docs/operating.md").read_text().partition("| code | means | cure |")[2].partition("\n\n")[0]
    told = {code for row in table.splitlines() for code in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")}

    assert told == {kind.code for kind in kinds_of(errors.RelayError)} - {"vendor_error"} | {"method_not_allowed"}


def kinds_of(kind: type[errors.RelayError]) -> set[type[errors.RelayError]]:
    return {kind}.union(*map(kinds_of, kind.__subclasses__()))


def test_every_line_of_the_log_that_operators_look_up_is_one_that_the_relay_writes() -> None:
    table = (ROOT / "docs/operating.md").read_text().partition("| line | means | do |")[2].partition("\n\n")[0]
    source = "\n".join(path.read_text() for path in (ROOT / "relay").rglob("*.py"))
    quoted = [
        line for row in table.splitlines()[1:] for line in re.findall(r"`([^`]+)`", row.split("|")[1] if row else "")
    ]
    looked_up = [re.split(r" ?…|:", line)[0] for line in quoted]

    assert len(looked_up) > 10
    for words in looked_up:
        assert words in source or words in ("could not reconcile", "could not repair"), words
