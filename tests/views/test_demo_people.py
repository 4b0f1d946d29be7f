"""The sign-in page offers the demo's people in a demo, and nobody elsewhere."""

import dataclasses


def test_the_sign_in_page_of_a_demo_offers_its_people_with_their_roles(app):
    page = app.test_client().get("/login/").get_data(as_text=True)
    assert page.count("data-fill-login") == 9
    assert "Company accountant · orion" in page


def test_no_person_is_offered_without_the_demo(app):
    app.config["KABINET"] = dataclasses.replace(app.config["KABINET"], demo=False)
    assert "data-fill-login" not in app.test_client().get("/login/").get_data(as_text=True)
