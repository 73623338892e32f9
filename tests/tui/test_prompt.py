"""The bottom line: typing, choosing, giving up."""

import asyncio
import time

from textual import events

from socconsole.errors import StoreError
from socconsole.tui.line_edit import LineEdit
from socconsole.tui.widgets.prompt import PromptLine
from tests.tui.analyst import at_the_console


async def answer_of(analyst, asking, *keys):
    """Start a question in a worker, press `keys`, return the answer."""
    worker = analyst.app.run_worker(asking())
    await analyst.pilot.pause()
    assert analyst.asked
    await analyst.presses(*keys)
    await analyst.app.workers.wait_for_complete([worker])
    return worker.result


async def test_a_line_is_typed_edited_and_taken(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        answer = await answer_of(
            analyst, lambda: analyst.app.ask("Note"), *"ab", "left", "x", "enter"
        )
        assert answer == "axb"
        assert not analyst.asked


async def test_escape_and_an_empty_backspace_give_up(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        assert await answer_of(analyst, lambda: analyst.app.ask("Note"), "escape") is None
        assert await answer_of(analyst, lambda: analyst.app.ask("Note"), "backspace") is None


async def test_only_an_offered_key_answers_a_choice(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        choices = {"t": "true positive", "f": "false positive"}
        answer = await answer_of(
            analyst, lambda: analyst.app.choose("Close as", choices), "z", "1", "f"
        )
        assert answer == "f"


async def test_a_wrong_key_is_told_which_ones_answer(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.run_worker(analyst.app.choose("Close as", {"t": "true positive"}))
        await analyst.pilot.pause()
        await analyst.presses("z")
        line = analyst.app.screen.query_one(PromptLine)
        assert line.render_line(0).text.startswith("These, or Esc: Close as: t true")
        await analyst.presses("escape")


async def test_what_is_typed_stays_in_sight_when_the_terminal_shrinks(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.run_worker(analyst.app.ask("Note on alert 12", lines=True))
        await analyst.pilot.pause()
        await analyst.presses(*"seen")
        await analyst.resizes(40, 12)
        assert analyst.bottom.split() == ["Note", "on", "alert", "12:", "seen"]
        await analyst.presses("escape")


async def test_what_is_said_at_length_is_said_whole_and_gives_the_room_back(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        line = analyst.app.screen.query_one(PromptLine)
        refusal = "The alert is closed: 'escalate' is not possible. " * 3
        line.say(refusal, "say-error")
        await analyst.pilot.pause()
        shown = [line.render_line(y).text.strip() for y in range(line.size.height)]
        assert " ".join(shown) == refusal.strip()
        line.hush()
        await analyst.pilot.pause()
        assert line.size.height == 1


async def test_what_takes_the_place_of_a_longer_text_is_drawn_before_the_line_is_laid_out_again(
    bare_setup,
):
    async with at_the_console(bare_setup) as analyst:
        line = analyst.app.screen.query_one(PromptLine)
        line.say("word " * 60, "say-error")
        await analyst.pilot.pause()
        tall = line.size.height
        assert tall > 2
        asking = asyncio.ensure_future(analyst.app.choose("Close as", {"t": "true positive"}))
        await asyncio.sleep(0)
        assert analyst.asked
        assert [line.render_line(y).text.strip() for y in range(2, tall)] == [""] * (tall - 2)
        await analyst.pilot.pause()
        assert line.size.height == 1
        await analyst.presses("escape")
        assert await asking is None


async def test_choices_too_wide_for_the_line_stand_below_each_other(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        choices = {str(n): f"criterion {n} " + "x" * 40 for n in range(1, 6)}
        analyst.app.run_worker(analyst.app.choose("SEV", choices))
        await analyst.pilot.pause()
        line = analyst.app.screen.query_one(PromptLine)
        shown = [line.render_line(y).text.strip() for y in range(line.size.height)]
        assert shown[0] == "SEV:"
        assert [text.split()[0] for text in shown[1:]] == ["1", "2", "3", "4", "5"]
        await analyst.presses("3")
        await analyst.pilot.pause()
        assert line.size.height == 1


async def test_only_y_confirms(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        assert await answer_of(analyst, lambda: analyst.app.confirm("Sure?"), "y")
        assert not await answer_of(analyst, lambda: analyst.app.confirm("Sure?"), "n")
        assert not await answer_of(analyst, lambda: analyst.app.confirm("Sure?"), "escape")


async def test_letters_of_an_answer_are_not_keys_of_the_screen(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await answer_of(analyst, lambda: analyst.app.ask("Note"), *"q?:", "enter")
        assert analyst.app.screen.title == "Queue"
        assert len(analyst.app.screen_stack) == 1


async def test_tab_completes_to_what_all_offers_share_and_lists_them(bare_setup):
    async def offers(text):
        return [word for word in ("theme dark", "theme light") if word.startswith(text)]

    async with at_the_console(bare_setup) as analyst:
        worker = analyst.app.run_worker(analyst.app.ask(":", complete=offers))
        await analyst.pilot.pause()
        await analyst.presses("t", "tab")
        prompt = analyst.app.screen.query_one(PromptLine)
        assert prompt.typed == "theme "
        assert "dark  light" in analyst.bottom
        await analyst.presses("d", "tab", "enter")
        await analyst.app.workers.wait_for_complete([worker])
        assert worker.result == "theme dark"


async def test_the_last_answer_comes_back_by_up(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await answer_of(analyst, lambda: analyst.app.ask("/"), *"abc", "enter")
        assert await answer_of(analyst, lambda: analyst.app.ask("/"), "up", "enter") == "abc"


async def test_unfinished_text_is_there_again_after_a_restart(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.run_worker(analyst.app.ask("Note", draft="alert:7:note"))
        await analyst.pilot.pause()
        await analyst.pilot.press(*"half a th")
        analyst.app.keep_drafts()
    async with at_the_console(bare_setup) as analyst:
        answer = await answer_of(
            analyst, lambda: analyst.app.ask("Note", draft="alert:7:note"), "X", "enter"
        )
        assert answer == "half a thX"
        assert analyst.app.drafts.get("alert:7:note") == "half a thX"
        analyst.app.drafts.settle()
        assert analyst.app.drafts.get("alert:7:note") is None


async def test_an_answer_is_kept_until_it_is_committed(bare_setup):
    async def refused(*_, **__):
        raise StoreError("The disk is full.")

    async with at_the_console(bare_setup) as analyst:
        app = analyst.app
        app.run_worker(app.ask("Checked what", draft="checked"))
        await analyst.pilot.pause()
        await analyst.types("logins")
        app.run_worker(app.ask("Saw what", draft="saw"))
        await analyst.pilot.pause()
        await analyst.types("none", then="escape")
        assert (app.drafts.get("checked"), app.drafts.get("saw")) == ("logins", "none")
        await answer_of(analyst, lambda: app.ask("Saw what", draft="saw"), "enter")
        app.store.change = refused
        assert await app.change(None) is None
        assert app.drafts.get("saw") == "none"


async def test_a_text_left_unfinished_does_not_pass_for_what_stands_there(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.drafts.put("field", "an older thought")
        ask = analyst.app.ask
        analyst.app.run_worker(ask("hypothesis", initial="a newer one", draft="field"))
        await analyst.pilot.pause()
        assert "hypothesis (unfinished): an older thought" in analyst.bottom
        await analyst.presses("escape")


async def test_a_long_question_leaves_room_to_type(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        label = "About which host or service, since when (lap-17, 10m; may be empty)"
        analyst.app.run_worker(analyst.app.ask(label))
        await analyst.types("the print server on the second floor", then="end")
        *_, asked, typed = analyst.lines
        assert asked.strip() == f"{label}:"
        assert typed.strip() == "the print server on the second floor"


async def test_another_key_is_answered_with_every_choice_in_sight(bare_setup):
    choices = {"r": "regular", "s": "supplemented", "e": "extended", "enter": "as it is"}
    async with at_the_console(bare_setup) as analyst:
        worker = analyst.app.run_worker(analyst.app.choose("recoverability", choices))
        await analyst.presses("z")
        assert "These, or Esc: recoverability:" in analyst.bottom
        assert all(meaning in analyst.bottom for meaning in choices.values())
        await analyst.presses("enter")
        await analyst.app.workers.wait_for_complete([worker])
        assert worker.result == "enter"


async def test_a_text_of_several_lines_keeps_them_where_it_is_asked_for(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        for lines, kept in ((True, "# seen\n- one"), (False, "# seen - one")):
            worker = analyst.app.run_worker(analyst.app.ask("Note", lines=lines))
            await analyst.pilot.pause()
            prompt = analyst.app.screen.query_one(PromptLine)
            await prompt.take(events.Paste("# seen\n- one\n"))
            await analyst.presses("enter")
            await analyst.app.workers.wait_for_complete([worker])
            assert worker.result == kept


async def test_who_types_on_and_on_is_saved_on_the_way(bare_setup, monkeypatch):
    monkeypatch.setattr("socconsole.tui.widgets.prompt._DRAFT_SECS", 0.1)
    async with at_the_console(bare_setup) as analyst:
        analyst.app.run_worker(analyst.app.ask("Note", draft="note"))
        await analyst.pilot.pause()
        began = time.monotonic()
        while time.monotonic() < began + 5 and not analyst.app.drafts.get("note"):
            await analyst.pilot.press("x")
            await analyst.pilot.pause(0.02)
        assert analyst.app.drafts.get("note")


async def test_control_characters_in_a_label_are_shown_not_sent(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.say("rule \x1b]52;c;eA==\x07 [bold]x[/]")
        await analyst.settles()
        assert "\x1b" not in analyst.screen
        assert "␛]52" in analyst.bottom
        assert "[bold]x[/]" in analyst.bottom


def test_words_are_cut_and_skipped_as_in_a_shell():
    edit = LineEdit("status:new host:web one")
    edit.press("ctrl+w", None)
    assert edit.text == "status:new host:web "
    edit.press("ctrl+left", None)
    edit.press("ctrl+k", None)
    assert edit.text == "status:new "
    edit.press("home", None)
    edit.press("delete", None)
    assert edit.text == "tatus:new "
    assert not edit.press("f5", None)


async def test_a_key_typed_at_once_behind_an_answer_is_not_part_of_it(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        worker = analyst.app.run_worker(analyst.app.ask("Note"))
        await analyst.pilot.pause()
        for pressed in ("a", "enter", "question_mark"):  # one burst, as a paste of keys is
            character = {"a": "a", "question_mark": "?"}.get(pressed, "\r")
            analyst.app.post_message(events.Key(pressed, character))
        await analyst.app.workers.wait_for_complete([worker])
        await analyst.waits_until("Keys of Queue")
        assert worker.result == "a"


async def test_keys_wait_in_their_order_for_a_table_that_is_busy(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        freed = asyncio.Event()
        analyst.app.focused.call_later(freed.wait)
        await asyncio.sleep(0)  # the table waits before the first key comes
        for pressed, character in (("colon", ":"), ("q", "q")):  # `q` alone would ask to quit
            analyst.app.post_message(events.Key(pressed, character))
        await asyncio.sleep(0.5)
        freed.set()
        await analyst.waits_for(lambda: analyst.asked)
        await analyst.pilot.pause()
        assert analyst.bottom.startswith(": q")
        await analyst.presses("escape")


async def test_keys_typed_while_a_question_is_still_read_for_are_its_answer(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("6")
        read = analyst.app.store.read

        async def slow_read(*words, **named):
            await asyncio.sleep(0.05)
            return await read(*words, **named)

        analyst.app.store.read = slow_read
        for pressed in "erest":
            analyst.app.post_message(events.Key(pressed, pressed))
        line = analyst.app.screen.query_one(PromptLine)
        async with asyncio.timeout(10):
            while line.typed != "rest":
                await analyst.pilot.pause(0.01)
        await analyst.presses("escape")
