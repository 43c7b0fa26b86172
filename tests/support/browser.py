"""A page in a real browser: Debian's Chromium without a window, driven by Selenium."""

import importlib.resources
import json
import shutil

import pytest

SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # as root, Chromium starts no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """One window; `driver` is Selenium's."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        self.driver.get_log("performance")  # what came before is not this page's
        self.driver.get(path.as_uri())

    def width(self, pixels):
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def media(self, kind="screen", theme="light"):
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})

    def run(self, body, *arguments):
        """What the body of an async JavaScript function of `given`, the list of arguments, returns."""
        script = f"""
            const [given, done] = [arguments[0], arguments[arguments.length - 1]];
            const work = async () => {{ {body} }};
            work().then((value) => done({{ value }}), (error) => done({{ error: `${{error.stack}}` }}));
        """
        answer = self.driver.execute_async_script(script, list(arguments))
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def wait(self, condition, seconds=10):
        """Until a JavaScript expression is true."""
        self.run(
            f"""const end = performance.now() + {1000 * seconds};
            while (!({condition})) {{
                if (performance.now() > end) throw new Error({json.dumps(f"in vain: {condition}")});
                await new Promise((resume) => setTimeout(resume, 20));
            }}"""
        )

    def errors(self):
        """What the console said since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that were asked for since the last `open`."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")

    def violations(self, tags):
        """What axe-core's rules of these tags find that is serious or worse, with the elements."""
        axe = importlib.resources.files("selenium_axe_python").joinpath("axe-core", "axe.min.js")
        self.driver.execute_script(axe.read_text(encoding="utf-8"))
        found = self.run("return (await axe.run({ runOnly: given[0], resultTypes: ['violations'] })).violations;", tags)
        return [
            (rule["id"], [node["html"][:200] for node in rule["nodes"]])
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]


def started(profile):
    """A browser with an empty profile in the folder `profile`; skips where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if not program or not chromedriver:
        pytest.skip(
            "tests in a browser are skipped: no Chromium with chromedriver here (apt: chromium chromium-driver)"
        )
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    driver.set_script_timeout(60)
    return Browser(driver)
