/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page gains where scripts run: copying, sorting, searching, saving. Nothing is fetched, nothing is sent. */
(function () {
	"use strict";

	function make(tag, attributes, words) {
		var element = document.createElement(tag);
		Object.keys(attributes || {}).forEach(function (name) {
			element.setAttribute(name, attributes[name]);
		});
		if (words)
			element.textContent = words;
		return element;
	}

	function copyBySelection(code) {
		var range = document.createRange(), selection = window.getSelection();
		range.selectNodeContents(code);
		selection.removeAllRanges();
		selection.addRange(range);
		return document.execCommand("copy");
	}

	function addCopyButton(span) {
		var code = span.querySelector("code");
		var button = make("button", { type: "button", "aria-label": "Copy " + span.dataset.copy }, "Copy");
		function say(word) {
			button.textContent = word;
			button.setAttribute("aria-label", word + " " + span.dataset.copy);
			window.setTimeout(function () {
				button.textContent = "Copy";
				button.setAttribute("aria-label", "Copy " + span.dataset.copy);
			}, 2000);
		}
		button.addEventListener("click", function () {
			if (navigator.clipboard && window.isSecureContext)
				navigator.clipboard.writeText(code.textContent).then(function () {
					say("Copied");
				}, function () {
					say(copyBySelection(code) ? "Copied" : "Selected");
				});
			else
				say(copyBySelection(code) ? "Copied" : "Selected");
		});
		span.appendChild(button);
	}

	function valueOf(row, column, number) {
		var cell = row.cells[column], text = cell.textContent;
		if (!number)
			return text.toLowerCase();
		return text === "" ? null : parseFloat(cell.dataset.v || text);
	}

	/* Empty cells stay last in both directions. */
	function compare(a, b, direction) {
		var emptyA = a.value === null || a.value === "", emptyB = b.value === null || b.value === "";
		if (emptyA || emptyB)
			return emptyA - emptyB || a.place - b.place;
		if (a.value === b.value)
			return a.place - b.place;
		return (a.value < b.value ? -1 : 1) * direction;
	}

	function sortBy(table, header, column) {
		var body = table.tBodies[0], number = header.classList.contains("n");
		var up = header.getAttribute("aria-sort") === (number ? "descending" : "ascending");
		var ascending = number ? up : !up;
		var rows = Array.from(body.rows).map(function (row, place) {
			return { row: row, place: place, value: valueOf(row, column, number) };
		});
		rows.sort(function (a, b) {
			return compare(a, b, ascending ? 1 : -1);
		});
		Array.from(table.tHead.rows[0].cells).forEach(function (cell) {
			cell.removeAttribute("aria-sort");
		});
		header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
		rows.forEach(function (entry) {
			body.appendChild(entry.row);
		});
	}

	function makeSortable(table) {
		Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
			var button = make("button", { type: "button" }, header.textContent);
			button.addEventListener("click", function () {
				sortBy(table, header, column);
			});
			header.textContent = "";
			header.appendChild(button);
		});
	}

	/* Shows the entries that hold every word, and of the severity chosen; says how many they are. */
	function show(entries, input, select, output, what) {
		var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
		var severity = select ? select.value : "";
		entries.forEach(function (entry) {
			var hit = (!severity || entry.node.classList.contains(severity)) && words.every(function (word) {
				return entry.text.indexOf(word) >= 0;
			});
			entry.node.hidden = !hit;
			shown += hit;
		});
		output.textContent = (shown < entries.length ? shown + " of " : "") + entries.length + " " + what;
	}

	/* A search field, with a choice of severities where `severities` is given, put before `place`. */
	function addSearch(place, name, entries, what, severities) {
		var tools = make("div", { "class": "tools" }), output = make("output", { role: "status" }), select = null;
		var input = make("input", { type: "search", "aria-label": "Search in " + name, placeholder: "Search",
			autocomplete: "off", spellcheck: "false" });
		function again() {
			show(entries, input, select, output, what);
		}
		tools.appendChild(input);
		if (severities) {
			select = make("select", { "aria-label": "Severity" });
			severities.forEach(function (severity) {
				select.appendChild(make("option", { value: severity[0] }, severity[1]));
			});
			select.addEventListener("change", again);
			tools.appendChild(select);
		}
		tools.appendChild(output);
		input.addEventListener("input", again);
		place.parentNode.insertBefore(tools, place);
		again();
	}

	function makeSearchable(table) {
		var rows = Array.from(table.tBodies[0].rows).map(function (row) {
			var cells = Array.from(row.cells).map(function (cell) {
				return cell.textContent;
			});
			return { node: row, text: cells.join(" ").toLowerCase() };
		});
		if (rows.length >= 6)
			addSearch(table.closest(".scroll"), table.closest("section").querySelector("h2").textContent, rows, "rows");
	}

	function makeFindingsSearchable() {
		var articles = Array.from(document.querySelectorAll(".finding")).map(function (article) {
			return { node: article, text: article.textContent.toLowerCase() };
		});
		if (articles.length >= 6)
			addSearch(articles[0].node, "Findings", articles, "findings",
				[["", "All"], ["error", "Errors"], ["warning", "Warnings"], ["note", "Notes"]]);
	}

	/* A link to a finding that the search has hidden shows it. */
	function unhideTarget() {
		var target = document.getElementById(location.hash.slice(1));
		if (target && target.hidden) {
			target.hidden = false;
			target.scrollIntoView();
		}
	}

	function addSaveButton() {
		var data = document.getElementById("report-data"), footer = document.querySelector("footer");
		var button = make("button", { type: "button" }, "Save the data of this report as JSON");
		if (!data)
			return;
		button.addEventListener("click", function () {
			var link = make("a", { download: "report.json" });
			link.href = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
			link.click();
			window.setTimeout(function () {
				URL.revokeObjectURL(link.href);
			}, 1000);
		});
		footer.appendChild(button);
	}

	/* Only what scrolls needs a stop of the Tab key. */
	function focusableWhereItScrolls(box) {
		if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight)
			box.setAttribute("tabindex", "0");
		else
			box.removeAttribute("tabindex");
	}

	function openForPrint() {
		document.querySelectorAll("details").forEach(function (details) {
			details.open = true;
		});
	}

	function start() {
		document.querySelectorAll("[data-copy]").forEach(addCopyButton);
		document.querySelectorAll("table.sortable").forEach(function (table) {
			makeSortable(table);
			makeSearchable(table);
		});
		makeFindingsSearchable();
		window.addEventListener("hashchange", unhideTarget);
		addSaveButton();
		document.querySelectorAll(".scroll").forEach(focusableWhereItScrolls);
		window.addEventListener("resize", function () {
			document.querySelectorAll(".scroll").forEach(focusableWhereItScrolls);
		});
		window.addEventListener("beforeprint", openForPrint);
	}

	start();
}());
