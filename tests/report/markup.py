"""A page without a browser: its tags, attributes and text."""

import re
from collections import Counter
from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.parts, self.headings, self._stack = Counter(), [], [], [], []
        self.feed(text)
        self.text = " ".join("".join(self.parts).split())

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        self._stack.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data):
        if self._stack[-1:] not in (["style"], ["script"]):
            self.parts.append(data)

    def handle_endtag(self, tag):
        while self._stack and self._stack.pop() != tag:
            pass

    def values(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]


def read(index):
    return Page(index.read_text(encoding="utf-8"))
