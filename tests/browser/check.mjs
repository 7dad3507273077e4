// SPDX-License-Identifier: GPL-2.0-or-later
// Opens the pages named on the command line in Chromium and says what is wrong with them. Exit status 1 when anything is.
// usage: check.mjs CHROMIUM SHOTS PAGE...; SHOTS is a folder for pictures of the pages, or "" for none.
import { chromium } from "playwright-core";
import axe from "axe-core";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [program, shots, ...pages] = process.argv.slice(2);
const screens = [
	{ viewport: { width: 1280, height: 800 }, colorScheme: "light" },
	{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
];
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];
const faults = [];

function want(right, words) {
	if (!right)
		faults.push(words);
}

async function picture(page, name, fullPage) {
	if (shots)
		await page.screenshot({ path: join(shots, `${name.replaceAll(" ", "-")}${fullPage ? "-full" : ""}.png`), fullPage });
}

async function open(browser, file, options) {
	const context = await browser.newContext({ ...options, acceptDownloads: true });
	const page = await context.newPage();
	const url = pathToFileURL(file).href;
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			faults.push(`${basename(file)}: console: ${message.text()}`);
	});
	page.on("pageerror", (error) => faults.push(`${basename(file)}: script: ${error.message}`));
	page.on("dialog", (dialog) => {
		faults.push(`${basename(file)}: a dialog opened: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", (request) => {
		if (request.url() !== url && !request.url().startsWith("blob:"))
			faults.push(`${basename(file)}: request to ${request.url()}`);
	});
	await page.goto(url);
	return { context, page };
}

async function checkFirstScreen(page, name, size) {
	const box = await page.locator("h1").boundingBox();
	want(box && box.y >= 0 && box.y + box.height <= size.height, `${name}: the verdict is not on the first screen`);
	const first = page.locator(".short li").first();
	if (await first.count()) {
		const item = await first.boundingBox();
		want(item.y < size.height - 80, `${name}: no diagnosis on the first screen`);
	}
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	want(wide <= 0, `${name}: scrolls sideways by ${wide} pixels`);
}

async function checkAccess(page, name) {
	await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
	const result = await page.evaluate(async (source) => {
		// The page's policy forbids inline scripts, as it should: the test comes through the debugger.
		(0, eval)(source);
		return await window.axe.run(document, { resultTypes: ["violations"] });
	}, axe.source).catch((error) => ({ failed: error.message }));
	want(!result.failed, `${name}: axe did not run: ${result.failed}`);
	for (const violation of result.violations || [])
		faults.push(`${name}: ${violation.id}: ${violation.help}: ${violation.nodes.slice(0, 3).map((n) => n.target).join(" | ")}` +
			` ${violation.nodes[0].failureSummary.replace(/\s+/g, " ").slice(0, 300)}`);
}

async function column(page, table, number) {
	return page.$$eval(`section[aria-labelledby=${table}] tbody tr:not([hidden])`, (rows, n) =>
		rows.map((row) => row.cells[n].dataset.v || row.cells[n].textContent), number);
}

async function checkTables(page, name) {
	const section = page.locator("section[aria-labelledby=connections]");
	if (!await section.count())
		return;
	const header = section.locator("th").filter({ hasText: "Received" });
	const number = await header.evaluate((cell) => cell.cellIndex);
	const before = await column(page, "connections", number);
	await header.getByRole("button").click();
	const down = (await column(page, "connections", number)).map(Number);
	want(await header.getAttribute("aria-sort") === "descending", `${name}: aria-sort is not set`);
	want(down.every((v, i) => i === 0 || down[i - 1] >= v), `${name}: sorting down gives ${down.slice(0, 5)}`);
	await header.getByRole("button").press("Enter");
	const up = (await column(page, "connections", number)).map(Number);
	want(up.every((v, i) => i === 0 || up[i - 1] <= v), `${name}: sorting up by keyboard gives ${up.slice(0, 5)}`);
	want(up.length === before.length, `${name}: sorting lost rows`);
	if (before.length < 6)
		return;
	const client = await section.locator("th").filter({ hasText: "Client" }).evaluate((cell) => cell.cellIndex);
	const wanted = (await column(page, "connections", client))[0];
	await section.getByRole("searchbox").fill(`  ${wanted.toUpperCase()} `);
	const found = await column(page, "connections", client);
	want(found.length > 0 && found.length < before.length && found.every((c) => c.startsWith(wanted)),
		`${name}: searching for ${wanted} shows ${found.slice(0, 5)}`);
	want((await section.getByRole("status").textContent()).startsWith(`${found.length} of `), `${name}: the count is wrong`);
	await section.getByRole("searchbox").fill("");
}

async function checkFindings(page, name) {
	const all = await page.locator(".finding").count(), section = page.locator("section.findings");
	if (all < 6)
		return;
	const shown = () => page.locator(".finding:visible").count();
	await section.getByLabel("Severity").selectOption("warning");
	const warnings = await page.locator(".finding.warning").count();
	want(await shown() === warnings, `${name}: of ${warnings} warnings ${await shown()} are shown`);
	await section.getByLabel("Severity").selectOption("");
	const code = await page.locator(".finding code").first().textContent();
	await section.getByRole("searchbox").fill(code);
	want(await shown() > 0 && await shown() < all, `${name}: searching findings for ${code} shows ${await shown()} of ${all}`);
	const hidden = page.locator(".finding[hidden]").first(), id = await hidden.getAttribute("id");
	await page.evaluate((hash) => { location.hash = hash; }, id);
	await page.waitForFunction((name) => !document.getElementById(name).hidden, id, { timeout: 3000 })
		.catch(() => faults.push(`${name}: a link to the hidden ${id} does not show it`));
	await section.getByRole("searchbox").fill("");
	want(await shown() === all, `${name}: not all findings come back`);
}

async function checkButtons(page, name) {
	const copy = page.locator("[data-copy=filter]").first();
	if (await copy.count()) {
		await copy.getByRole("button").click();
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		want(copied === await copy.locator("code").textContent(), `${name}: copied "${copied}"`);
	}
	const save = page.getByRole("button", { name: "Save the data" });
	if (!await save.count())
		return;
	const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
	let text = "";
	for await (const piece of await download.createReadStream())
		text += piece;
	want(JSON.parse(text).schema === "pcapdx-report/1", `${name}: the saved data are not the report`);
}

async function checkKeyboard(page, name) {
	await page.keyboard.press("Tab");
	want(await page.evaluate(() => document.activeElement.className) === "skip", `${name}: Tab does not reach the skip link first`);
	await page.keyboard.press("Enter");
	const there = await page.waitForURL(url => url.hash === "#main", { timeout: 5000 }).then(() => true, () => false);
	want(there, `${name}: the skip link goes nowhere`);
}

/* Names out of a capture may only ever be text: no element or attribute of the page may stem from them. */
async function checkInert(page, name) {
	const strange = await page.evaluate(() => {
		const bad = document.querySelectorAll("img, iframe, object, embed, form, base, i, b, [onload], [onerror], [onclick], [style]:not([style=\"\"])");
		return Array.from(bad).map((element) => element.outerHTML.slice(0, 300));
	});
	want(strange.length === 0, `${name}: live markup: ${strange}`);
	const text = await page.evaluate(() => document.body.innerText);
	want(!/[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u001b]/.test(text), `${name}: control characters in the text`);
	const ids = await page.$$eval("[id]", (elements) => elements.map((element) => element.id));
	want(new Set(ids).size === ids.length, `${name}: an id is there twice`);
}

/* Colours come from the style, which only works when the hash in the policy is right. */
async function checkStyled(page, name) {
	const margin = await page.evaluate(() => getComputedStyle(document.querySelector("h1")).fontFamily);
	want(/Palatino/.test(margin), `${name}: the style is not applied`);
}

async function checkWithoutScript(browser, file) {
	const name = `${basename(file)} without script`;
	const { context, page } = await open(browser, file, { javaScriptEnabled: false, viewport: screens[0].viewport });
	want(await page.locator("h1").isVisible(), `${name}: no verdict`);
	want(await page.locator("button").count() === 0, `${name}: buttons that do nothing`);
	await context.close();
}

const browser = await chromium.launch({ executablePath: program, args: flags });
for (const file of pages) {
	for (const { viewport, colorScheme } of screens) {
		const name = `${basename(file)} ${viewport.width}x${viewport.height} ${colorScheme}`;
		const options = { viewport, colorScheme, permissions: ["clipboard-read", "clipboard-write"],
			reducedMotion: "reduce", bypassCSP: false };
		const { context, page } = await open(browser, file, options);
		await checkFirstScreen(page, name, viewport);
		await picture(page, name, false);
		await checkKeyboard(page, name);
		await checkStyled(page, name);
		await checkInert(page, name);
		await checkButtons(page, name);
		await checkTables(page, name);
		await checkFindings(page, name);
		await checkAccess(page, name);
		await picture(page, name, true);
		await context.close();
	}
	await checkWithoutScript(browser, file);
}
await browser.close();
for (const fault of faults)
	console.log(fault);
console.log(`${pages.length} pages, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
