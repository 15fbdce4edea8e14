"""Be the customer on the left and the agent on the right: what both see, in a browser, over the whole stack."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from sandbox.console.org import OrgDesk
from tests.console.stage import SLOW_MS, Customer, Desk, Stage

pytestmark = pytest.mark.anyio


async def in_chat(customer: Customer, subject: str = "My lamp is dark") -> None:
    await customer.sign_in()
    await customer.open_ticket(subject, "Since yesterday.", "alice@example.com")
    await customer.is_in_chat()


async def test_a_ticket_is_opened_talked_about_handed_over_and_closed(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    tour = page.locator("#tour")
    wanted = page.locator(".pane.wanted h2, .pane.wanted header").first
    await expect(tour).to_contain_text("Be the customer")
    await expect(wanted).to_contain_text("The customer")
    await in_chat(customer)
    await expect(tour).to_contain_text("Be the agent")
    await expect(wanted).to_contain_text("Service Console")
    await customer.says("Hello?")
    await desk.opens("My lamp is dark")
    [case] = demo.cases()
    assert (case["SuppliedName"], case["SuppliedEmail"], case["Priority"]) == (
        "Alice Moreau",
        "alice@example.com",
        "Medium",
    )

    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await expect(customer.status).to_have_text("with Maria Santos")
    await expect(tour).to_contain_text("Talk to each other")
    await desk.says("Hello Alice, Maria here.")
    await expect(tour).to_contain_text("Hand over")
    await customer.sees("Hello Alice, Maria here.")
    await customer.says("Nice to meet you.")
    await desk.sees("Nice to meet you.")

    await desk.sets("Owner", "Wei Chen")
    await customer.sees("Wei Chen has joined")
    await customer.sees("Maria Santos has left")
    await desk.is_in_room("Alice Moreau", "Wei Chen")
    await desk.is_agent("Wei Chen")
    await desk.says("I have the part here.")
    await customer.sees("I have the part here.")
    said = demo.said(case["Id"])
    assert said[-4:] == ["Hello?", "Hello Alice, Maria here.", "Nice to meet you.", "I have the part here."]

    await desk.sets("Status", "Closed")
    await customer.sees("This conversation has ended")
    await expect(customer.message).to_be_disabled()
    assert demo.members(case["Id"]) == []


async def test_omni_offers_a_case_that_one_declines_and_another_accepts(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.is_agent("Priya Nair")
    await desk.sets("Omni-Channel", "Priya Nair")
    await page.get_by_role("button", name="Decline", exact=True).click()
    await expect(page.get_by_role("button", name="Decline", exact=True)).to_have_count(0)
    await desk.is_in_room("Alice Moreau")
    await desk.is_agent("Wei Chen")
    await desk.sets("Omni-Channel", "Wei Chen")
    await page.get_by_role("button", name="Accept", exact=True).click()
    await customer.sees("Wei Chen has joined")
    await desk.is_in_room("Alice Moreau", "Wei Chen")


async def test_cases_are_given_away_deleted_brought_back_and_merged_in_bulk(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer, "First lamp")
    await customer.page.get_by_label("Back").click()
    await customer.open_ticket("Second lamp")
    await customer.is_in_chat()
    first, second = demo.cases()
    await desk.marks(first["CaseNumber"], second["CaseNumber"])
    await page.get_by_label("Give to").select_option(label="Priya Nair")
    await expect(page.locator("#cases tbody td:last-child")).to_have_text(["Priya Nair"] * 2)
    await customer.sees("Priya Nair has joined")
    assert {demo.cases()[0]["LastModifiedDate"]} == {demo.cases()[1]["LastModifiedDate"]}, "one save for both"

    await desk.marks(first["CaseNumber"])
    await page.locator("#cases").get_by_role("button", name="Delete").click()
    await expect(page.locator("#cases tbody tr")).to_have_count(1)
    await desk.looks_at("Recycle bin")
    await desk.marks(first["CaseNumber"])
    await page.get_by_role("button", name="Undelete 1").click()
    await desk.looks_at("Open Cases")
    await expect(page.locator("#cases tbody tr")).to_have_count(2)

    await desk.opens("Second lamp")
    await desk.marks(first["CaseNumber"], second["CaseNumber"])
    await page.get_by_role("button", name="Merge …").click()
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page.locator("#cases tbody tr")).to_have_count(1)
    assert demo.cases()[0]["MasterRecordId"] == second["Id"]


async def test_a_ticket_waits_while_tencent_is_away_and_a_reload_makes_no_second_one(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await desk.breaks("Tencent", "away")
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await expect(page.locator("#cases td.subject")).to_have_text(["My lamp is dark"], timeout=SLOW_MS)
    await page.reload()
    await expect(customer.page.get_by_text("Your ticket is safe with us")).to_be_visible(timeout=SLOW_MS)
    await page.get_by_role("button", name="Mend everything").click()
    await customer.is_in_chat()
    assert len(demo.cases()) == 1


async def test_the_talk_goes_on_after_the_relay_was_killed_and_started_again(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.breaks("Relay", "kill -9")
    await expect(page.locator("#health")).to_have_text("the relay is gone", timeout=SLOW_MS)
    await desk.sets("Owner", "Wei Chen")
    await customer.says("Are you there?")
    await desk.breaks("Relay", "start it again")
    await customer.sees("Wei Chen has joined")
    await desk.is_agent("Wei Chen")
    await desk.says("Now I am.")
    await customer.sees("Now I am.")
    assert demo.said(demo.cases()[0]["Id"])[-2:] == ["Are you there?", "Now I am."]


async def test_what_is_written_while_the_chat_is_cut_is_sent_once_when_it_is_back(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.status).to_have_text("connection lost, coming back …", timeout=SLOW_MS)
    await customer.says("Still there?")
    await expect(customer.page.get_by_text("is sent when the connection is back")).to_be_visible(timeout=SLOW_MS)
    await expect(customer.page.get_by_role("button", name="Not sent")).to_have_count(0)
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.page.get_by_text("is sent when the connection is back")).to_have_count(0, timeout=SLOW_MS)
    await customer.sees("Still there?")
    assert demo.said(demo.cases()[0]["Id"]).count("Still there?") == 1


async def test_after_a_reload_the_conversation_is_there_again(demo: Stage, customer: Customer, page: Page) -> None:
    await in_chat(customer)
    await customer.says("Hello?")
    await customer.sees("Hello?")
    await page.reload()
    await customer.is_in_chat()
    await customer.sees("Hello?")


async def test_what_people_write_is_never_markup(demo: Stage, customer: Customer, desk: Desk, page: Page) -> None:
    nasty = "<img src=x onerror=alert(1)><b>bold</b>"
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    await in_chat(customer, nasty)
    await customer.says(nasty)
    await customer.sees(nasty)
    await desk.opens(nasty)
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await customer.says(f"{nasty} again")
    await desk.sees(f"{nasty} again")
    assert await page.locator("img[src='x']").count() == 0
    assert await customer.page.locator("img[src='x']").count() == 0


async def test_a_picture_goes_from_the_customer_to_the_agent(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    dot = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000" + "1f15c4890000000d49444154789c6360f8cf500f00"
        "0385018134b1da3e0000000049454e44ae426082"
    )
    await customer.page.locator("input[type=file]").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": dot}
    )
    await expect(customer.lines.get_by_alt_text("Picture")).to_be_visible(timeout=SLOW_MS)
    await expect(page.locator("#utility").get_by_alt_text("Picture")).to_be_visible(timeout=SLOW_MS)
    await expect(page.locator(".call", has_text="Alice Moreau sends a picture").first).to_be_visible()
    await expect(page.locator(".call", has_text="TIMImageElem")).to_have_count(0)


async def test_what_is_only_asked_is_not_shown_as_written(page: Page) -> None:
    said = await page.evaluate(
        """async () => {
            const { meaning } = await import('/static/meaning.js')
            const tells = (what) => meaning({ what, from: 'relay', to: 'salesforce' }, (id) => id)
            const path = '/services/data/v67.0/sobjects'
            return ['FeedItem', 'ContentVersion', 'Case'].map((name) => tells(`GET ${path}/${name}/describe`))
                .concat([tells(`POST ${path}/FeedItem`), tells(`POST ${path}/ContentVersion`)])
        }"""
    )
    assert said == ["asks what the org has"] * 3 + ["writes to the Case feed", "saves the transcript"]


async def test_every_call_is_shown_and_no_secret_with_it(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Wei Chen")
    await customer.sees("Wei Chen has joined")
    for words in ("App opens a ticket: “My lamp is dark”", "Relay makes the Case", "Relay makes the chat room"):
        await expect(page.locator(".call", has_text=words).first).to_be_visible()
    await page.get_by_label("routine calls too").check()
    await page.evaluate("document.querySelectorAll('.call[aria-expanded=false]').forEach((row) => row.click())")
    shown = await page.locator("#timeline").inner_text()
    assert "Since yesterday." in shown
    assert "•••" in shown
    secret = ("SECRET", "KEY", "TOKEN", "PASSWORD")
    for name, value in demo.sandbox.environment.items():
        if any(word in name for word in secret):
            assert value not in shown, name
    assert re.search(r"\be(J|yJ)[\w*-]{20}", shown) is None, "a UserSig or a JWT"


async def test_a_room_is_right_even_if_every_callout_is_lost(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.breaks("Salesforce", "lose callouts")
    await desk.sets("Owner", "Wei Chen")
    await customer.sees("Wei Chen has joined")
    lost = page.locator(".call", has_text="Salesforce tells: Wei Chen has the Case")
    await expect(lost.first).to_contain_text("no answer", timeout=SLOW_MS)


async def test_a_closed_conversation_can_be_read_again_and_every_word_is_on_the_case(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.breaks("Tencent", "lose callbacks")
    await desk.breaks("Tencent", "shuffle")
    words = [f"Word number {number}" for number in range(7)]
    for word in words:
        await customer.says(word)
        await customer.sees(word)
    await desk.sets("Status", "Closed")
    await customer.sees("This conversation has ended")
    [transcript] = [file["text"] for file in demo.files()]
    assert [word for word in words if transcript.count(word) == 1] == words
    await page.reload()
    await customer.sees(words[-1])
    await customer.sees("This conversation has ended")


async def test_a_ticket_waits_while_salesforce_is_away(demo: Stage, customer: Customer, desk: Desk, page: Page) -> None:
    await desk.breaks("Salesforce", "away")
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await expect(customer.page.get_by_text("Your ticket is safe with us")).to_be_visible(timeout=SLOW_MS)
    assert demo.cases() == []
    await page.get_by_role("button", name="Mend everything").click()
    await customer.is_in_chat()
    assert len(demo.cases()) == 1


async def test_two_hundred_cases_are_listed_and_change_hands_in_one_save(demo: Stage, desk: Desk, page: Page) -> None:
    org = OrgDesk(demo.sandbox.salesforce)
    agents: Any = demo.sandbox.salesforce.state()["users"]
    for number in range(200):
        await org.insert(agents[0]["Id"], {"Subject": f"Case {number}"})
    await org.close()
    rows = page.locator("#cases tbody tr")
    await expect(rows).to_have_count(200, timeout=SLOW_MS)
    await page.get_by_label("All", exact=True).check()
    await page.get_by_label("Give to").select_option(label="Priya Nair")
    await expect(rows.locator("td:last-child", has_text="Priya Nair")).to_have_count(200, timeout=SLOW_MS)
    assert len({case["LastModifiedDate"] for case in demo.cases()}) == 1


async def test_a_reload_keeps_the_tours_step_and_an_app_elsewhere_makes_none(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    key = demo.sandbox.environment["RELAY_APP_API_KEYS"]
    async with httpx.AsyncClient(base_url=demo.console._relay_url, headers={"Authorization": f"Bearer {key}"}) as app:
        body = {"userId": "bob", "caseInfo": {"subject": "From elsewhere"}}
        assert (await app.post("/createticket", json=body)).status_code == 200
    tour = page.locator("#tour")
    await expect(page.locator("#cases td.subject")).to_have_text(["From elsewhere"])
    await expect(tour).to_contain_text("Be the customer")
    await expect(page.locator("#record")).to_have_text("A Case that is opened shows here.")
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await desk.sets("Status", "Closed")
    await customer.sees("This conversation has ended")
    await expect(tour).to_contain_text("Talk to each other")
    await page.reload()
    await expect(page.locator("#cases td.subject")).to_have_text(["From elsewhere"])
    await expect(tour).to_contain_text("Talk to each other")


async def test_on_a_phone_the_next_step_is_in_sight_and_the_owners_whole_name(
    page: Page, customer: Customer, desk: Desk
) -> None:
    await page.set_viewport_size({"width": 400, "height": 800})
    await expect(page.locator("#tour")).to_be_in_viewport(ratio=1)
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Maria Santos")
    await desk.is_in_room("Alice Moreau", "Maria Santos")
    room = (
        await page.locator("#record")
        .get_by_label("Owner")
        .evaluate(
            """select => {
            const pen = document.createElement('canvas').getContext('2d')
            pen.font = getComputedStyle(select).font
            return select.clientWidth - pen.measureText(select.selectedOptions[0].text).width
        }"""
        )
    )
    assert room > 30, "beside the name there is the arrow"
    await expect(page.locator(".member.agent .face")).to_be_visible()
