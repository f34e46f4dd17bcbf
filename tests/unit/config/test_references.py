"""Which secret files a configuration names."""

from __future__ import annotations

from monitor.config.references import secret_files


def test_all_keys_that_end_in_file() -> None:
    """Settings, sinks, feeds, environment; a list of keywords is no secret."""
    files = {
        "monitor.yaml": "server: {read_token_file: /a}\nsinks: [{kind: kafka, security: {password_file: /b}}]\n",
        "feeds/a.yaml": "feeds: [{url: x, auth_file: c/d, headers_file: /a}]\n",
        "watches/w.yaml": "id: w\nkeywords_file: w.txt\n",
        "watches/w.txt": "x_file: /no\n",
    }

    assert secret_files(files, {"MONITOR__ADMIN__WRITE_TOKEN_FILE": "/e"}) == ("/a", "/b", "/e", "c/d")


def test_broken_files_name_none() -> None:
    """Their problems are told when they are loaded."""
    assert secret_files({"monitor.yaml": "a_file: [\n", "feeds/a.yaml": "x_file: {y_file: /z}\n- "}, {}) == ()


def test_values_of_other_kinds_are_no_paths() -> None:
    """Nor is nothing."""
    assert secret_files({"monitor.yaml": "a_file: 3\nb_file: null\nc_file: ''\nd_file: [x]\n"}, {}) == ()
