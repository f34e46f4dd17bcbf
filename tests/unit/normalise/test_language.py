"""The language of a text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from monitor.model.article import Language
from monitor.normalise.language import detect, primary, read_tag

CASES = Path(__file__).parents[2] / "corpus" / "language" / "sentences.yaml"
SENTENCES: dict[str, str] = yaml.safe_load(CASES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("tag", SENTENCES)
def test_sentences(tag: str) -> None:
    """A sentence is recognised without help, and whatever its feed wrongly declares."""
    wrong = "fi" if tag != "fi" else "en"

    assert detect("", SENTENCES[tag]).tag == tag
    assert detect("", SENTENCES[tag], tag).tag == tag
    if len(SENTENCES[tag].split()) >= 12:
        assert detect("", SENTENCES[tag], wrong).tag == tag


@pytest.mark.parametrize(
    ("title", "expect"),
    [
        ("북한 미사일 발사", "ko"),
        ("北韓 미사일 발사", "ko"),
        ("東京で大会が開幕", "ja"),
        ("Νέα από την Αθήνα", "el"),
        ("חדשות מירושלים", "he"),
        ("ข่าวกรุงเทพ", "th"),
        ("ახალი ამბები", "ka"),
        ("Լուրեր Երևանից", "hy"),
        ("ಬೆಂಗಳೂರು ಸುದ್ದಿ", "kn"),
        ("የአዲስ አበባ ዜና", "am"),
    ],
)
def test_script_alone(title: str, expect: str) -> None:
    """A script that one language writes decides, even on three words and against the feed."""
    assert detect(title, "", "en") == Language(expect, "script", 1.0)


def test_script_shared_by_two() -> None:
    """A declared language that writes the same script is believed."""
    assert detect("נייעס פון ברוקלין", "", "yi") == Language("yi", "script", 1.0)


@pytest.mark.parametrize(
    ("title", "declared", "expect"),
    [
        ("Президент подписал новый закон", "en-US", "ru"),
        ("NTT计划注资新公司", "en", "zh"),
        ("مجلس الوزراء يقر الموازنة العامة", "en", "ar"),
        ("सरकार ने कहा है कि वह नई योजना पर काम कर रही है", "en", "hi"),
        ("iPhone 17 Pro Max", "ru", "ru"),
        ("Новости", "sr", "sr"),
        ("東京都知事選挙", "ja", "ja"),
    ],
)
def test_a_language_is_not_believed_in_a_script_it_does_not_use(title: str, declared: str, expect: str) -> None:
    """However few the words; templates say `en-US` by themselves."""
    assert primary(detect(title, "", declared).tag) == expect


def test_foreign_names_do_not_decide() -> None:
    """A quoted word in another script leaves the language alone."""
    text = SENTENCES["en"] + " The banner said новости, 新聞 and 뉴스."

    assert detect("", text).tag == "en"


def test_han_without_kana() -> None:
    """A Japanese title may have no kana, so Han alone leaves the declaration standing."""
    assert detect("東京五輪開催決定", "", "ja").tag == "ja"
    assert detect("中國軍機擾台", "", "zh-TW").tag == "zh"


def test_few_words_stay_as_declared() -> None:
    """On a short title the detector does not overrule the publisher."""
    found = detect("Ukraine war", "", "de-AT")

    assert (found.tag, found.source) == ("de-AT", "declared")
    assert detect("Ukraine war", "").tag == "und"


@pytest.mark.parametrize("text", ["", "12:30 — 45 %", "…", "😀"])
def test_no_letters(text: str) -> None:
    """Without letters only the declaration is left."""
    assert detect(text, "") == Language()
    assert detect(text, "", "fr") == Language("fr", "declared", 0.0)


def test_kinds_of_one_language() -> None:
    """Malay is declared and Indonesian detected: they are scored as one, and the declared name stays."""
    assert detect("", SENTENCES["id"], "ms") == Language("ms", "detected", detect("", SENTENCES["id"], "ms").confidence)
    assert (
        detect("", "Regjeringen sa mandag at den vil vurdere vedtaket på nytt etter forhandlingene.", "nb-NO").tag
        == "nb"
    )


@pytest.mark.parametrize(
    ("tag", "expect"),
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("iw", "he"),
        ("eng", "en"),
        (" pt-br ", "pt-BR"),
        ("jp", "ja"),
        ("english", ""),
        ("", ""),
        (None, ""),
        ("x", ""),
        ("en-US,fr", ""),
    ],
)
def test_read_tag(tag: str | None, expect: str) -> None:
    """Declared languages in the form of BCP 47."""
    assert read_tag(tag) == expect


def test_primary() -> None:
    """The language of a tag, without region and script."""
    assert primary("zh-Hant-TW") == "zh"
