"""URLs as logs may see them."""

from __future__ import annotations

import pytest

from monitor.model.mask import mask_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@example.org/f.xml", "https://example.org/f.xml"),
        ("https://example.org/f?token=abc&b=", "https://example.org/f?token=***&b=***"),
        ("https://example.org/f?abc", "https://example.org/f?***"),
        ("https://example.org/f#frag", "https://example.org/f"),
        ("https://a@b@example.org:8443/", "https://example.org:8443/"),
        ("http://[", "***"),
    ],
)
def test_h172_no_secret_is_left(url, shown):
    """Userinfo and all query values are hidden."""
    assert mask_url(url) == shown
