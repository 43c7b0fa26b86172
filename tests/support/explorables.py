"""Finding, moving and reading the parts of explorables in a browser."""

POSITIONS = 21 * 21  # of a patch of 8x8 pixels on an image of 28x28


def parts(page, name, selector):
    return page.driver.find_elements("css selector", f"[data-explorable={name}] {selector}")


def part(page, name, selector):
    return parts(page, name, selector)[0]


def press(page, name, text):
    """Presses the button of an explorable with this text."""
    for button in parts(page, name, "button"):
        if text in button.text:
            page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", button)
            button.click()
            return
    raise AssertionError(f"no button {text!r} in {name}")


def slider(page, name, label):
    return page.driver.find_element(
        "xpath", f"//*[@data-explorable='{name}']//label[span[text()='{label}']]/input[@type='range']"
    )


def set_slider(page, element, value):
    page.driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", element, value
    )


def says(page, name, index=0):
    page.run("await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);")
    return parts(page, name, ".ex-says")[index].text


def pointer(page, element, *steps, hover=False):
    """Presses at the first (right, down) fraction of an element, drags over the others; or only passes."""
    from selenium.webdriver import ActionChains

    page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    width, height = element.size["width"], element.size["height"]
    actions = ActionChains(page.driver, duration=20)
    for index, (right, down) in enumerate(steps):
        actions.move_to_element_with_offset(element, (right - 0.5) * width, (down - 0.5) * height)
        if index == 0 and not hover:
            actions.click_and_hold()
    (actions if hover else actions.release()).perform()


def keys(element, *pressed):
    """Presses keys while an element has the focus: characters, or Selenium's names of keys."""
    from selenium.webdriver.common.keys import Keys

    element.send_keys(*(getattr(Keys, key, key) for key in pressed))


def swept(page, positions):
    """Scrolls to the maps and waits until they are complete."""
    page.driver.execute_script("arguments[0].scrollIntoView()", part(page, "patch", ".ex-map"))
    page.wait(f"document.querySelector('[data-explorable=patch] .ex-note').dataset.done === '{positions}'")


def place_of_patch(page):
    return tuple(
        int(slider(page, "patch", label).get_attribute("value")) for label in ("its top row", "its left column")
    )


def bars(page, name="patch"):
    """The probabilities as the page writes them."""
    says(page, name)
    return [element.text for element in parts(page, name, ".ex-value")]


def written(probabilities):
    return ["<0.1%" if p < 0.001 else ">99.9%" if p > 0.999 else f"{100 * p:.1f}%" for p in probabilities]


def near(shown, known):
    """Whether percentages are the written form of JAX's probabilities, but for the last digit's rounding."""
    return all(
        a == b or abs(float(a.strip("<>%")) - float(b.strip("<>%"))) < 0.11 for a, b in zip(shown, known, strict=True)
    )
