"""Certificates: bound to the knowledge, the same bytes each time, found again only where they match and are unaltered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_pack import load, parts

from sijoint.verify.certificate import FOLDER, Certificate, matching_certificate
from sijoint.verify.certify import certify, render_certificate

DAY = date(2026, 11, 22)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    pack = {**parts(), "card.yaml": {"users": "<script>alert(1)</script>", "inputs": {"use_of_date_of_birth": ["age"]}}}
    return certify(load(tmp_path, pack), DAY)


def test_binds_what_was_shown(certificate: Certificate, tmp_path: Path) -> None:
    assert certificate.proved == "6 of 6 invariants proved"
    assert certificate.mutation.startswith("killed ")
    assert len(certificate.cards[0].attributes) == 13
    again = certify(load(tmp_path / "again", {**parts(), "card.yaml": {"users": "<script>alert(1)</script>",
                                              "inputs": {"use_of_date_of_birth": ["age"]}}}), DAY)  # fmt: skip
    assert again.to_json() == certificate.to_json()


def test_is_found_by_its_fingerprint(certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "one.json").write_text(certificate.to_json(), encoding="utf-8")
    assert matching_certificate(certificate.fingerprint, folder) == certificate
    assert matching_certificate("another", folder) is None
    assert matching_certificate(certificate.fingerprint) is None
    monkeypatch.setenv(FOLDER, str(folder))
    assert matching_certificate(certificate.fingerprint) == certificate


def test_an_altered_certificate_is_not_found(certificate: Certificate, tmp_path: Path) -> None:
    text = certificate.to_json().replace("6 of 6", "7 of 7")
    (tmp_path / "one.json").write_text(text, encoding="utf-8")
    assert matching_certificate(certificate.fingerprint, tmp_path) is None


def test_the_page_escapes_what_authors_wrote(certificate: Certificate) -> None:
    page = render_certificate(certificate)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
