"""Reads the manual where analysts are: in the shell."""

import sys

from socconsole import content
from socconsole.cli.output import print_json, print_text


def help_page(topic: str = "", /, *, json: bool = False) -> int:
    """Read a page of the manual; without a topic, list the pages.

    Args:
        topic: Name of the page.
        json: Print the page, or the list of pages, as JSON.

    """
    if not topic:
        titles = {
            name: content.title_of(content.manual_page(name)) for name in content.manual_topics()
        }
        if json:
            print_json({"topics": titles})
        else:
            print_text(["socconsole help TOPIC, with one of", ""])
            print_text(f"  {name:<18}{title}" for name, title in titles.items())
        return 0
    page = content.manual_page(topic)
    if json:
        print_json({"topic": topic, "text": page})
    else:
        sys.stdout.write(page)
    return 0
