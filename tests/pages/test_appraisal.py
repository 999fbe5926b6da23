"""The Appraisal, Data extraction and Consensus pages, each over a small store."""

import html
import re

import pytest
from streamlit.testing.v1 import AppTest
from support.appraising import RQS_GOOD, fill, full, kind, review_in, standing
from support.hostile import sentence_page
from support.papers import PAGES, draw_pdf

from review.checklists import JUDGEMENT_PARTS, list_questions
from review.pages.widgets.pdf_viewer import HIGHLIGHT_COLOURS
from review.pages.widgets.preferences import Preferences
from review.store.report_models import ModelDetails
from review.workflow.appraisal import adjudication, forms, model_changes
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.bias import facts, flags
from review.workflow.fulltexts import attachments
from review.workflow.project.accounts import CurrentUser

ADA, BEN = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))
CLEO = CurrentUser("cleo", ("adjudicator",))


@pytest.fixture
def project(tmp_path):
    return review_in(tmp_path)


def draw(name, project, person, *, advance=False, **query):
    """Draws a page; a question stays open after its answer unless `advance` says otherwise."""

    def script(name, folder, person, query, advance):
        import importlib
        from pathlib import Path

        import streamlit as st

        from review.pages.widgets.preferences import Preferences
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        if not advance:
            st.session_state.setdefault("preferences", Preferences(auto_advance=False))
        for key, value in query.items():
            if f"asked_{key}" not in st.session_state:
                st.session_state[f"asked_{key}"] = True
                st.query_params[key] = value
        importlib.import_module(f"review.pages.{name}").render_page(open_project(Path(folder)))

    args = (name, str(project.folder), person, query, advance)
    app = AppTest.from_function(script, args=args, default_timeout=300).run()
    assert not app.exception, app.exception
    return app


def press(app, key):
    """Clicks the button of this key, or the open question's answer of this name."""
    found = [b for b in app.button if b.key == key or (b.key or "").endswith(f"_{key}")]
    app = found[0].click().run()
    assert not app.exception, app.exception
    return app


def said(app):
    return " ".join(one.value for one in [*app.markdown, *app.caption])


def answer_of(project, key, who="ada", name="claim-2020", record=1):
    entry = forms.open_form(project, record, name, who).entries.get(key)
    return entry.answer if entry else None


def test_the_list_tells_how_far_i_am_and_opens_the_next_report(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA)
    assert "**0 of 3** reports completed" in said(app)
    row = app.dataframe[0].value.iloc[0]
    assert (row["CLAIM 2020"], row["PROBAST"]) == ("completed", "0 of 29")
    assert row["Kind"] == "Deep learning"
    app.button[0].click().run()
    assert app.query_params["key"] == "R000001"


def test_who_does_not_appraise_sees_no_form(project):
    app = draw("appraisal", project, CLEO)
    assert "not assigned to appraisal" in app.info[0].value


def test_the_kind_of_study_opens_its_tools(project):
    app = draw("appraisal", project, ADA, key="R000002")
    assert "Which methods" in said(app)
    app = press(app, "traditional")
    assert "Image protocol quality" in said(app)
    assert forms.open_form(project, 2, "study-kind", "ada").finished


def test_answers_are_saved_with_quote_page_and_comment_and_next_goes_on(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app.text_area(key="filling_quote").set_value("A deep network.")
    app.number_input(key="filling_page").set_value(3)
    app.text_input(key="filling_comment").set_value("Clear.")
    app = press(app, "yes")
    entry = forms.open_form(project, 1, "claim-2020", "ada").entries["title"]
    assert (entry.answer, entry.quote, entry.page, entry.comment) == (
        "yes",
        "A deep network.",
        3,
        "Clear.",
    )
    app = press(app, "filling_next")
    assert "Structured summary" in said(app)
    assert "[CLAIM 2020, item 2](https://doi.org/" in said(app)
    source = "Radiology: Artificial Intelligence 2020;2(2):e200029."
    assert any(source in one.help for one in app.caption)
    assert app.text_area(key="filling_quote").value == ""
    app = press(app, "filling_back")
    assert app.text_area(key="filling_quote").value == "A deep network."


def test_the_same_answer_again_withdraws_it(project):
    kind(project, 1, "deep-learning", "ada")
    app = press(draw("appraisal", project, ADA, key="R000001"), "no")
    assert answer_of(project, "title") == "no"
    press(app, "no")
    assert answer_of(project, "title") is None


def test_a_quote_changed_after_the_answer_is_saved_too(project):
    kind(project, 1, "deep-learning", "ada")
    app = press(draw("appraisal", project, ADA, key="R000001"), "yes")
    app.text_area(key="filling_quote").set_value("Later found.").run()
    assert forms.open_form(project, 1, "claim-2020", "ada").entries["title"].quote == "Later found."


def test_a_quote_waits_for_its_answer_through_another_question_and_a_reload(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app.text_area(key="filling_quote").set_value("A deep network.").run()
    assert answer_of(project, "title") is None
    press(app, "filling_forth")
    app = draw("appraisal", project, ADA, key="R000001")  # a new session, as after a reload
    assert app.text_area(key="filling_quote").value == "A deep network."
    press(app, "yes")
    entry = forms.open_form(project, 1, "claim-2020", "ada").entries["title"]
    assert (entry.answer, entry.quote) == ("yes", "A deep network.")


def test_an_answer_withdrawn_keeps_its_quote(project):
    kind(project, 1, "deep-learning", "ada")
    app = press(draw("appraisal", project, ADA, key="R000001"), "no")
    app.text_area(key="filling_quote").set_value("Nothing is said.").run()
    press(app, "no")
    assert answer_of(project, "title") is None
    again = draw("appraisal", project, ADA, key="R000001")
    assert again.text_area(key="filling_quote").value == "Nothing is said."


def test_two_tabs_of_one_reviewer_undo_nothing_of_each_other(project):
    kind(project, 1, "deep-learning", "ada")
    first = draw("appraisal", project, ADA, key="R000001")
    second = draw("appraisal", project, ADA, key="R000001")
    press(first, "no")
    first.text_area(key="filling_quote").set_value("Quoted in the first tab.").run()
    second.text_input(key="filling_comment").set_value("Said in the second.").run()
    entry = forms.open_form(project, 1, "claim-2020", "ada").entries["title"]
    assert (entry.answer, entry.quote, entry.comment) == (
        "no",
        "Quoted in the first tab.",
        "Said in the second.",
    )
    assert second.text_area(key="filling_quote").value == "Quoted in the first tab."
    first.run()
    assert first.text_input(key="filling_comment").value == "Said in the second."


def test_options_of_one_item_picked_in_two_tabs_add_up(project):
    kind(project, 1, "traditional", "ada")
    first = draw("appraisal", project, ADA, key="R000001")
    second = draw("appraisal", project, ADA, key="R000001")
    press(first, "documented")
    press(second, "public")
    assert answer_of(project, "protocol", name="rqs-1.0") == "documented+public"


def test_it_goes_on_by_itself_until_that_is_switched_off(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, advance=True, key="R000001")
    app = press(app, "yes")
    assert "Structured summary" in said(app)
    app = press(press(app, "filling_switch"), "no")
    assert "Structured summary" in said(app)
    assert answer_of(project, "abstract") == "no"


def test_a_completed_form_shows_what_was_answered(project):
    kind(project, 1, "deep-learning", "ada")
    answers = full(project, "claim-2020") | {"title": "no"}
    fill(project, 1, "claim-2020", "ada", answers)
    app = draw("appraisal", project, ADA, key="R000001")
    app.segmented_control[0].set_value("claim-2020").run()
    assert any("Your answer: **No**" in one.value for one in app.info)
    chosen = [one for one in app.button if (one.key or "").startswith("answer_") and one.proto.icon]
    assert [(one.label, one.proto.type, one.disabled) for one in chosen] == [
        ("No", "primary", True)
    ]


def test_a_square_of_the_map_opens_its_question(project):
    kind(project, 1, "deep-learning", "ada")
    app = press(draw("appraisal", project, ADA, key="R000001"), "no")
    (item_map,) = [one for one in app.button_group if one.key.startswith("item_map_")]
    labels = [one.content for one in item_map.proto.options]
    assert labels == [str(n) for n in range(1, 43)]
    style = " ".join(one.proto.body for one in app.get("html"))
    assert "nth-of-type(1) p::before{content:'✕ ' / 'no '" in style
    assert "nth-of-type(2) p::before{content:'○ ' / 'open '" in style
    item_map.set_value("abstract").run()
    assert "Structured summary" in said(app)


def test_no_two_squares_of_a_map_share_a_label(project):
    kind(project, 1, "deep-learning", "ada")
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    app = draw("appraisal", project, ADA, key="R000001")
    app.segmented_control[0].set_value("probast-2019").run()
    (item_map,) = [one for one in app.button_group if one.key.startswith("item_map_")]
    labels = [one.content for one in item_map.proto.options]
    assert len(set(labels)) == len(labels) > 25
    assert {"1.1", "R1", "C1", "R4", "R", "C"} <= set(labels)


def test_a_key_that_is_switched_off_answers_nothing(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app.session_state["preferences"] = Preferences(auto_advance=False, keys_off="y")
    app = app.run()
    keys = {one.label: one.proto.shortcut for one in app.button if one.label in ("Yes", "No")}
    assert keys == {"Yes": "", "No": "n"}


def test_points_are_picked_one_by_one_where_several_hold(project):
    kind(project, 1, "traditional", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app = press(press(app, "public"), "documented")
    assert answer_of(project, "protocol", name="rqs-1.0") == "documented+public"
    app = press(app, "documented")
    assert answer_of(project, "protocol", name="rqs-1.0") == "public"
    press(app, "none")
    assert answer_of(project, "protocol", name="rqs-1.0") == "none"


def test_a_judgement_that_differs_asks_for_its_sentence_first(project):
    kind(project, 1, "deep-learning", "ada")
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    start = {"about:evaluation": "both", "sq-1.1": "no", "sq-1.2": "yes"}
    fill(project, 1, "probast-2019", "ada", start, finish=False)
    app = draw("appraisal", project, ADA, key="R000001")
    assert "Suggested by your answers: **high**" in said(app)
    app = press(app, "low")
    assert "Give a reason" in app.warning[0].value
    key = "judgement:participants"
    assert answer_of(project, key, name="probast-2019") is None
    box = app.text_input(key="filling_comment")
    assert box.label == "Why low? (one sentence)"
    box.set_value("Only duplicate scans were left out.").run()
    assert answer_of(project, key, name="probast-2019") == "low"
    shown = " ".join(str(one.proto.body) for one in app.get("html"))
    assert "changed" in shown


def test_a_full_form_is_finished_and_leads_to_the_next_tool(project):
    kind(project, 1, "deep-learning", "ada")
    form = full(project, "claim-2020")
    del form["funding"]
    fill(project, 1, "claim-2020", "ada", form, finish=False)
    app = draw("appraisal", project, ADA, key="R000001")
    assert app.button(key="filling_finish").disabled
    app = press(press(app, "partly"), "filling_finish")
    assert forms.open_form(project, 1, "claim-2020", "ada").finished
    assert "Was the model developed" in said(app)


def test_a_finished_form_is_closed_until_opened_again(project):
    kind(project, 1, "deep-learning", "ada")
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    app = draw("appraisal", project, ADA, key="R000001")
    app.session_state["tool_1_kind"] = "claim-2020"
    app.run()
    assert app.button(key="answer_title_yes").disabled
    next(b for b in app.button if b.label == "Reopen to edit").click().run()
    assert not forms.open_form(project, 1, "claim-2020", "ada").finished


def test_one_quote_serves_several_instruments(project):
    kind(project, 1, "hybrid", "ada")
    forms.add_answer(
        project, AnswerInput(1, "claim-2020", "title", "yes", "A hybrid model.", 2), "ada"
    )
    app = draw("appraisal", project, ADA, key="R000001")
    app.session_state["tool_1_kind"] = "rqs-1.0"
    app.run()
    assert "CLAIM 2020 1" in app.button(key="again_0").label
    app = press(press(app, "documented"), "again_0")
    entry = forms.open_form(project, 1, "rqs-1.0", "ada").entries["protocol"]
    assert (entry.answer, entry.quote, entry.page) == ("documented", "A hybrid model.", 2)


def test_nothing_of_the_other_reviewer_is_drawn(project):
    kind(project, 1, "deep-learning", "ada", "ben")
    forms.add_answer(
        project, AnswerInput(1, "claim-2020", "title", "no", "Bens quote", 9, "Bens word"), "ben"
    )
    app = draw("appraisal", project, ADA, key="R000001")
    everything = said(app) + "".join(str(one.proto) for one in app.get("html"))
    assert "Bens" not in everything
    assert app.text_area(key="filling_quote").value == ""


def test_extraction_waits_for_the_kind_of_study_and_is_not_called_finished(project):
    app = draw("extraction", project, ADA)
    assert "**0 of 3** reports" in said(app) and not app.success
    kind(project, 1, "deep-learning", "ada")
    app = draw("extraction", project, ADA)
    assert "**0 of 3** reports" in said(app)
    table = app.dataframe[0].value
    assert list(table.columns)[-1] == "Quality gate"
    assert list(table["Extraction"]) == ["0 of 12", "", ""]


def test_extraction_takes_typed_answers_and_unclear_as_a_value(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("extraction", project, ADA, key="R000001")
    name = "extraction-imaging-ai"
    app = press(press(app, "diagnosis"), "filling_next")
    app.text_input(key="filling_typed").set_value("COVID-19 or not").run()
    assert answer_of(project, "condition", name=name) == "COVID-19 or not"
    app.session_state[f"at_1_{name}"] = "size-test"
    app.run()
    app.text_input(key="filling_typed").set_value("about 300").run()
    assert r"Expected\: a number" in app.warning[0].value
    press(app, "unclear")
    assert answer_of(project, "size-test", name=name) == "unclear"


def open_extraction(project, item):
    """The extraction form of the first report, with a PDF, at an item."""
    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "c.pdf", draw_pdf("study.pdf"), "ada")
    app = draw("extraction", project, ADA, key="R000001")
    app.session_state["at_1_extraction-imaging-ai"] = item
    return app.run()


def shown_facts(app):
    bodies = [html.unescape(one.proto.body) for one in app.get("html")]
    texts = [re.sub("<[^>]*>", "", body) for body in bodies]
    return [t for t in texts if t.startswith(("Patients: ", "Images: ", "Performance: "))]


def test_a_fact_is_offered_as_answer_and_taken_with_its_sentence(project):
    app = open_extraction(project, "size-development")
    assert shown_facts(app) == ["Patients: 13,870 (p. 2)", "Images: 13,975 (p. 2)"]
    press(app, "fact_answer_size-development_0")
    entry = forms.open_form(project, 1, "extraction-imaging-ai", "ada").entries["size-development"]
    assert (entry.answer, entry.page) == ("13870", 2)
    assert "13,975 images of 13,870 patients" in entry.quote


def test_a_corrected_fact_is_offered_instead_of_what_was_read(project):
    app = open_extraction(project, "size-development")
    cells = flags.get_fact_cells(project, 1)
    patients, images = (next(c for c in cells if c.field == f) for f in ("patients", "images"))
    facts.correct_fact(project, 1, patients, who="ben", value="13,807")
    facts.correct_fact(project, 1, images, who="ben", value=None)
    app.run()
    assert shown_facts(app) == ["Patients: 13807 (corrected; found in the text: 13870) (p. 2)"]
    press(app, "fact_answer_size-development_0")
    assert answer_of(project, "size-development", name="extraction-imaging-ai") == "13807"


def test_facts_are_added_to_a_text_and_only_quoted_for_a_choice(project):
    app = open_extraction(project, "performance")
    app.text_input(key="filling_typed").set_value("AUC not given").run()
    assert len(shown_facts(app)) > 1
    app = press(app, "fact_answer_performance_0")
    answer = answer_of(project, "performance", name="extraction-imaging-ai")
    assert answer.startswith("AUC not given; ") and "92.0" in answer
    app = press(app, "fact_answer_performance_0")  # the same one again adds nothing
    assert answer_of(project, "performance", name="extraction-imaging-ai") == answer
    app.session_state["at_1_extraction-imaging-ai"] = "code"
    app = press(app.run(), "fact_answer_code_0")
    assert answer_of(project, "code", name="extraction-imaging-ai") is None
    assert "example.org/filmnet" in app.text_area(key="filling_quote").value


def test_the_paper_stands_beside_and_a_pasted_quote_finds_its_page(project):
    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "c.pdf", draw_pdf("study.pdf"), "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    assert app.text_input(key="paper_page_box").value == "1"
    assert f"of {PAGES}" in said(app)
    app = press(app, "yes")
    app.text_area(key="filling_quote").set_value(sentence_on(project, 4)).run()
    assert not app.exception
    assert forms.open_form(project, 1, "claim-2020", "ada").entries["title"].page == 4
    assert app.text_input(key="paper_page_box").value == "4"
    (page,) = [one for one in app.get("html") if 'class="paper-window"' in one.proto.body]
    assert str(page.proto).count("scroll-initial-target") == 1  # the first line of the quote
    app.text_input(key="paper_search").set_value("RT-PCR").run()
    assert any("RT-PCR" in b.label for b in app.button)
    app = press(app, "paper_take_0")
    assert "PCR" in forms.open_form(project, 1, "claim-2020", "ada").entries["title"].quote


def find_highlights(app, colour):
    """How many coloured boxes of a kind the page of the paper has."""
    (page,) = [one for one in app.get("html") if 'class="paper-window"' in one.proto.body]
    return page.proto.body.count(f"background:{colour}")


def test_a_page_is_opened_by_its_number(project):
    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "c.pdf", draw_pdf("study.pdf"), "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    for typed, opened in (("3", "3"), ("99", str(PAGES)), ("0", "1"), ("two", "1")):
        app.text_input(key="paper_page_box").set_value(typed).run()
        assert app.text_input(key="paper_page_box").value == opened


def test_quotes_stay_marked_when_the_form_is_opened_again(project):
    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "c.pdf", draw_pdf("study.pdf"), "ada")
    app = press(draw("appraisal", project, ADA, key="R000001"), "yes")
    app.text_area(key="filling_quote").set_value(sentence_on(project, 4)).run()
    app = draw("appraisal", project, ADA, key="R000001")  # opens at the second question
    app.text_input(key="paper_page_box").set_value("4").run()
    assert not app.text_area(key="filling_quote").value
    assert find_highlights(app, HIGHLIGHT_COLOURS["used"]) > 0
    assert find_highlights(app, HIGHLIGHT_COLOURS["quote"]) == 0
    other = draw("appraisal", project, BEN, key="R000001")
    other.text_input(key="paper_page_box").set_value("4").run()
    assert find_highlights(other, HIGHLIGHT_COLOURS["used"]) == 0


def test_possible_evidence_is_used_or_dismissed_and_that_is_remembered(project):
    from review.workflow.fulltexts import reading

    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "c.pdf", draw_pdf("study.pdf"), "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    offered = sentences(app)
    assert len(offered) >= 2
    assert sum("deep" in one.lower() for one in offered) >= 2
    assert any(one.startswith("FilmNet: A Tailored") for one in offered)  # without a key phrase
    app = press(app, "evidence_dismiss_0")
    assert offered[0] not in sentences(app)
    app = press(app, "evidence_use_0")
    assert app.text_area(key="filling_quote").value == offered[1]
    app = press(app, "yes")
    assert forms.open_form(project, 1, "claim-2020", "ada").entries["title"].quote == offered[1]
    heard = {
        one.sentence: one.verdict
        for one in reading.reviewer_feedback(project, "evidence", 1, "ada")
    }
    assert heard == {offered[0]: "dismiss", offered[1]: "use"}
    told = {
        phrase: (used, no)
        for item, one in reading.get_phrase_performance(project)
        for phrase, used, no in [(one.rule, one.right, one.wrong)]
        if item == "claim-2020 title"
    }
    assert sum(used for used, _ in told.values()) >= 1
    assert sum(no for _, no in told.values()) >= 1
    cues = get_checklist(project, "claim-2020").sections[0].items[0].cues
    assert set(told) <= {*cues, "learned ranking"}


def test_an_item_on_which_a_paper_says_nothing_has_no_suggestions(project):
    thanks = sentence_page(["We thank the nurses of the ward for their patience."] * 12)
    kind(project, 1, "deep-learning", "ada")
    attachments.attach_pdf(project, 1, "thanks.pdf", thanks, "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app.session_state["at_1_claim-2020"] = "deidentification"
    app.run()
    assert not sentences(app)
    assert "No suggestions: nothing in the text seems to answer this item" in said(app)


def sentences(app):
    """The offered sentences, as drawn."""
    drawn = [str(one.proto.body) for one in app.get("html")]
    found = [one for one in drawn if "font-size:.92rem" in one]
    return [html.unescape(re.sub(r"<[^>]+>", "", one)) for one in found]


def sentence_on(project, page):
    from review import fulltext

    text = fulltext.read_full_text(attachments.find_pdf(project, 1))
    return next(s.text for s in text.sentences if s.page == page and len(s.text) > 60)


def test_consensus_opens_only_what_differs_and_one_click_settles(project):
    kind(project, 1, "deep-learning", "ada", "ben")
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    form = full(project, "claim-2020", preprocessing="no", title="partly")
    fill(project, 1, "claim-2020", "ben", form)
    app = draw("consensus", project, CLEO)
    assert "**1** of 2" in said(app)
    app = draw("consensus", project, CLEO, key="R000001", checklist="claim-2020")
    assert "**2** to resolve · 40 agreed" in said(app)
    app = press(app, "take_title_ada")
    assert "**1** to resolve · 40 agreed · 1 resolved" in said(app)
    app = press(app, "take_preprocessing_ben")
    assert "is resolved" in app.success[0].value
    assert "Nothing else to resolve" in app.caption[-1].value
    assert "preparation of images not documented" in said(app)
    assert standing(project, 1) == ("excluded", "preparation of images not documented")
    press(app, "undo_preprocessing")
    assert standing(project, 1) == ("pending", None)


def test_a_settled_form_leads_to_the_next_that_waits(project):
    for number in (1, 2):
        kind(project, number, "deep-learning", "ada", "ben")
        fill(project, number, "claim-2020", "ada", full(project, "claim-2020"))
        fill(project, number, "claim-2020", "ben", full(project, "claim-2020", title="no"))
    app = draw("consensus", project, CLEO, key="R000001", checklist="claim-2020")
    app = press(app, "take_title_ada")
    onward = next(one for one in app.button if one.label.startswith("Resolve"))
    assert (onward.label, onward.proto.shortcut) == ("Resolve CLAIM 2020 for R000002", "enter")
    onward.click().run()
    assert "**1** to resolve" in said(app)


def test_a_third_answer_settles_too(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    fill(project, 1, "claim-2020", "ben", full(project, "claim-2020", title="no"))
    app = draw("consensus", project, CLEO, key="R000001", checklist="claim-2020")
    app.text_input(key="consensus_comment").set_value("Only in the abstract.").run()
    app = next(b for b in app.button if b.label == "Different answer").click().run()
    press(app, "other_partly")
    now = adjudication.load_comparison(project, 1, "claim-2020", "cleo")
    entry = now.entries["title"]
    assert (entry.answer, entry.comment, entry.reviewer) == (
        "partly",
        "Only in the abstract.",
        "cleo",
    )


def test_consensus_stays_closed_while_a_form_is_open(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    app = draw("consensus", project, CLEO, key="R000001", checklist="claim-2020")
    assert "cannot be adjudicated until all" in app.warning[0].value
    assert "Nothing to resolve yet" in draw("consensus", project, CLEO).info[0].value


def frames(app):
    return [frame.value for frame in app.dataframe]


def test_the_consensus_page_shows_agreement_with_intervals(project):
    for report, second in ((1, "yes"), (2, "no"), (3, "yes")):
        fill(project, report, "rqs-1.0", "ada", full(project, "rqs-1.0", "no", **RQS_GOOD))
        worse = {"validation": "other"} if second == "no" else {}
        fill(project, report, "rqs-1.0", "ben", full(project, "rqs-1.0", "no", **RQS_GOOD) | worse)
    app = draw("consensus", project, CLEO)
    app.segmented_control(key="consensus_view").set_value("Agreement").run()
    app.segmented_control(key="agreement_of").set_value("rqs-1.0").run()
    whole, items = frames(app)
    assert list(whole["Measure"]) == ["percent agreement", "Gwet's AC1", "ICC(A,1)"]
    assert whole["Value"][0].startswith("0.979 (0.939 to 1.000)")
    row = items[items["Item"].str.contains("Validation")].iloc[0]
    assert row["Reports"] == 3
    assert "to" in row["weighted kappa (linear)"]
    lead = draw("agreement", project, ADA)
    lead.segmented_control[0].set_value("quality").run()
    lead.segmented_control(key="agreement_of").set_value("rqs-1.0").run()
    assert frames(lead)[0].equals(whole)


def test_the_consensus_page_shows_how_suggestions_do_in_use(project):
    from review.store.feedback import FeedbackEntry
    from review.store.timestamps import utc_now
    from review.workflow.fulltexts import reading

    app = draw("consensus", project, CLEO)
    app.segmented_control(key="consensus_view").set_value("Suggestions").run()
    assert "No suggested sentence" in app.info[0].value
    for who, verdict in (("ada", "use"), ("ben", "dismiss"), ("dan", "use")):
        words = ("random forest; deep learning", "claim-2020 title", "A sentence.", 1, verdict, who)
        reading.add_feedback(project, FeedbackEntry(1, "evidence", *words, utc_now()))
    app.run()
    (frame,) = frames(app)
    assert list(frame["Phrase"]) == ["deep learning", "random forest"]
    assert frame["Precision"][0] == pytest.approx(2 / 3)


def test_a_teams_own_checklist_is_in_the_app_and_a_changed_file_is_said(tmp_path):
    from pathlib import Path

    from review.workflow.setup.loading import open_project

    text = (Path(__file__).parents[2] / "docs" / "checklists.md").read_text()
    own = text.split("```yaml\n")[1].split("```")[0]
    folder = tmp_path / "checklists"
    folder.mkdir()
    (folder / "ours.yaml").write_text(own)
    review_in(tmp_path, 1)
    plan = tmp_path / "protocol.yaml"
    plan.write_text(plan.read_text().replace("tools: [", "tools: [ours-2026, "))
    project = open_project(tmp_path)
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    tabs = app.segmented_control(key="tool_1_kind")
    assert "Ours 0/2" in tabs.options
    tabs.set_value("ours-2026").run()
    assert "Is the source of the data named?" in said(app)
    app = press(app, "answer_source_yes")
    assert answer_of(project, "source", name="ours-2026") == "yes"
    (folder / "ours.yaml").write_text(
        own.replace("points: 2", "points: 3").replace("max: 4", "max: 6")
    )
    app = draw("appraisal", project, ADA, key="R000001")
    app.segmented_control(key="tool_1_kind").set_value("ours-2026").run()
    app = press(app, "answer_split_yes")
    assert "has changed since it was used" in app.warning[0].value


def test_a_report_with_models_is_appraised_one_model_at_a_time(project):
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    for name in ("DenseNet", "U-Net"):
        app.text_input(key="model_1_new_name").set_value(name)
        app = press_labelled(app, "Add model")
    models = model_changes.get_models(project, 1)
    assert [model.name for model in models] == ["DenseNet", "U-Net"]
    app.session_state["tool_1_kind"] = f"probast-2019@{models[1].id}"
    app = app.run()
    app = press(app, "both")
    entries = forms.open_form(project, 1, f"probast-2019@{models[1].id}", "ada").entries
    assert entries["about:evaluation"].answer == "both"
    assert forms.open_form(project, 1, f"probast-2019@{models[0].id}", "ada").entries == {}


def press_labelled(app, label):
    """Clicks the button that reads so."""
    (button,) = [one for one in app.button if one.label == label]
    app = button.click().run()
    assert not app.exception, app.exception
    return app


def test_a_taken_name_is_one_clear_line_on_the_page(project):
    model_changes.add_model(project, 1, ModelDetails(name="DenseNet"), "ada")
    kind(project, 1, "deep-learning", "ada")
    app = draw("appraisal", project, ADA, key="R000001")
    app.text_input(key="model_1_new_name").set_value("densenet")
    app = press_labelled(app, "Add model")
    assert any("already has a model" in one.value for one in app.warning)


def test_the_list_counts_the_models_and_consensus_names_them(project):
    first, _ = (
        model_changes.add_model(project, 1, ModelDetails(name=name), "ada")
        for name in ("DenseNet", "U-Net")
    )
    kind(project, 1, "deep-learning", "ada")
    form = full(project, "probast-2019", **{"about:evaluation": "both"})
    form |= {
        question.key: "low"
        for question in list_questions(get_checklist(project, "probast-2019"))
        if question.key.split(":")[0] in JUDGEMENT_PARTS and not question.optional
    }
    for who in ("ada", "ben"):
        fill(project, 1, f"probast-2019@{first.id}", who, form)
    row = draw("appraisal", project, ADA).dataframe[0].value.iloc[0]
    assert row["PROBAST"] == "1 of 2 models"
    table = draw("consensus", project, CLEO).dataframe[0].value
    assert list(table["Form"]) == ["PROBAST, DenseNet"]
    app = draw("consensus", project, CLEO, key="R000001", checklist=f"probast-2019@{first.id}")
    assert "DenseNet" in said(app)
