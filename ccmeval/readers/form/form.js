
"use strict";
// What is pure stands first, so that it can be tested without a page.

function emptyState(study) {
  return { study: study.study, reader: "", years: "", place: 0, started: "", answers: {} };
}

function isAnswered(study, answer) {
  if (!answer) return false;
  return (!study.asksReal || Boolean(answer.real)) && (!study.asksDiagnosis || Boolean(answer.diagnosis));
}

function answeredCount(study, state) {
  return study.items.filter((it) => isAnswered(study, state.answers[it.item])).length;
}

function firstOpen(study, state) {
  return study.items.findIndex((it) => !isAnswered(study, state.answers[it.item]));
}

// A state that was kept is only taken back where it is one of this study.
function restored(study, text) {
  try {
    const kept = JSON.parse(text);
    if (!kept || kept.study !== study.study || typeof kept.answers !== "object" || !kept.reader) return null;
    const state = { ...emptyState(study), ...kept };
    state.place = Math.min(Math.max(0, Number(state.place) || 0), study.items.length - 1);
    return state;
  } catch (error) {
    return null;
  }
}

function answerRows(study, state) {
  return study.items
    .filter((it) => state.answers[it.item])
    .map((it) => {
      const answer = state.answers[it.item];
      const row = { item: it.item };
      if (study.asksReal && answer.real) row.real = answer.real;
      if (study.asksDiagnosis && answer.diagnosis) row.diagnosis = answer.diagnosis;
      row.seconds = Math.round((answer.seconds || 0) * 10) / 10;
      return row;
    });
}

function answersDocument(study, state, finished) {
  return {
    kind: "ccmeval-reader-answers",
    version: 1,
    study: study.study,
    reader: state.reader,
    years: state.years === "" ? null : Number(state.years),
    started: state.started,
    finished: finished,
    answers: answerRows(study, state),
  };
}

function csvCell(value) {
  const text = value === undefined || value === null ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
}

function answersCsv(study, state) {
  const head = ["study", "reader", "item", "real", "diagnosis", "seconds"];
  const lines = answerRows(study, state).map((row) =>
    [study.study, state.reader, row.item, row.real, row.diagnosis, row.seconds].map(csvCell).join(","),
  );
  return [head.join(","), ...lines].join("\r\n") + "\r\n";
}

function fileName(state, ending) {
  const reader = state.reader.replace(/[^A-Za-z0-9-]+/g, "_").slice(0, 40) || "reader";
  return "answers-" + state.study + "-" + reader + "." + ending;
}

function choicesOf(study) {
  const real = [["real", "Real", "1"], ["synthetic", "Synthetic", "2"]];
  const keys = "ABCDEFGHIJKLMNOPQRSTUVWXY"; // Z shows the frame larger
  const diagnosis = study.diagnoses.map((name, index) => [name, name, keys[index] || ""]);
  return { real: study.asksReal ? real : [], diagnosis: study.asksDiagnosis ? diagnosis : [] };
}

if (typeof module !== "undefined") {
  module.exports = { emptyState, isAnswered, answeredCount, firstOpen, restored, answerRows, answersDocument, csvCell, answersCsv, fileName, choicesOf };
} else {
  startForm();
}

function startForm() {
  const study = JSON.parse(document.getElementById("study").textContent);
  const at = (name) => document.getElementById(name);
  const where = "ccmeval-reader-study-" + study.study;
  const choices = choicesOf(study);
  let state = emptyState(study);
  let shownAt = 0;
  let saved = true;
  let keeps = true;

  function keep() {
    try {
      localStorage.setItem(where, state.reader);
      localStorage.setItem(where + "-" + state.reader, JSON.stringify(state));
    } catch (error) {
      if (keeps) tell("This browser keeps nothing between visits: answer all frames in one go, and save before you close the page.");
      keeps = false;
    }
  }

  // Every reader's answers are kept apart, so that a second one in the same browser deletes nothing.
  function kept(reader) {
    try {
      return restored(study, localStorage.getItem(where + "-" + reader));
    } catch (error) {
      return null;
    }
  }

  function lastReader() {
    try {
      return localStorage.getItem(where) || "";
    } catch (error) {
      return "";
    }
  }

  function tell(words) {
    at("notice").textContent = words;
    at("notice").hidden = false;
  }

  function show(name) {
    for (const one of ["start", "reading", "end"]) at(one).hidden = one !== name;
  }

  function countSeconds() {
    if (!shownAt || at("reading").hidden) return;
    const item = study.items[state.place].item;
    const answer = state.answers[item];
    if (answer) answer.seconds = (answer.seconds || 0) + (performance.now() - shownAt) / 1000;
    shownAt = performance.now();
  }

  function drawChoices(name) {
    const group = at(name);
    group.hidden = !choices[name].length;
    for (const [value, words, key] of choices[name]) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      const text = document.createElement("span");
      input.type = "radio";
      input.name = name;
      input.value = value;
      input.addEventListener("change", () => answer(name, value));
      text.append(words);
      if (key) {
        const sign = document.createElement("kbd");
        sign.textContent = key;
        text.append(sign);
      }
      label.append(input, text);
      group.querySelector(".choices").append(label);
    }
  }

  function answer(name, value) {
    const item = study.items[state.place].item;
    state.answers[item] = { ...(state.answers[item] || { seconds: 0 }), [name]: value };
    if (!state.answers[item].seconds) {
      state.answers[item].seconds = (performance.now() - shownAt) / 1000;
      shownAt = performance.now();
    }
    saved = false;
    keep();
    drawFrame(false);
  }

  function drawFrame(fresh) {
    const total = study.items.length;
    const one = study.items[state.place];
    const given = state.answers[one.item] || {};
    show("reading");
    if (fresh) {
      at("frame").src = one.picture;
      shownAt = performance.now();
      at("hint").textContent = "";
    }
    at("frame").alt = "Frame " + (state.place + 1);
    at("place").textContent = "Frame " + (state.place + 1) + " of " + total;
    at("whose").textContent = "Reader " + state.reader;
    const done = answeredCount(study, state);
    at("done").style.width = (100 * done) / total + "%";
    at("bar").setAttribute("aria-valuemax", total);
    at("bar").setAttribute("aria-valuenow", done);
    for (const name of ["real", "diagnosis"])
      for (const input of at(name).querySelectorAll("input")) input.checked = given[name] === input.value;
    at("back").disabled = state.place === 0;
    at("next").disabled = !isAnswered(study, given);
  }

  function move(by) {
    const here = study.items[state.place];
    if (by > 0 && !isAnswered(study, state.answers[here.item])) {
      at("hint").textContent = "Answer this frame first; go by your impression if you are not sure.";
      return;
    }
    countSeconds();
    const next = state.place + by;
    if (next >= study.items.length) {
      keep();
      finish();
    } else if (next >= 0) {
      state.place = next;
      keep();
      drawFrame(true);
    }
  }

  function finish() {
    countSeconds();
    keep();
    const done = answeredCount(study, state);
    const total = study.items.length;
    const whole = done === total;
    at("endTitle").textContent = whole ? "Thank you, that was the last frame" : "Stopped for now";
    at("summary").textContent = whole
      ? "All " + total + " frames are answered. Save the file and give it to whoever sent you this form."
      : done + " of " + total + " frames are answered. They are kept in this browser; a file of them can be saved too.";
    at("again").textContent = whole ? "Look at the frames again" : "Go on";
    show("end");
    shownAt = 0;
    at(whole ? "json" : "again").focus();
  }

  function save(text, type, ending) {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([text], { type: type }));
    link.href = address;
    link.download = fileName(state, ending);
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    saved = true;
    at("saved").textContent = link.download + " is in your folder of downloads.";
  }

  function toggleZoom() {
    const large = document.querySelector(".stage").classList.toggle("large");
    at("zoom").setAttribute("aria-pressed", String(large));
  }

  function begin(event) {
    event.preventDefault();
    const reader = at("reader").value.trim();
    if (!reader) return;
    const past = kept(reader);
    state = past || { ...emptyState(study), reader: reader, started: new Date().toISOString() };
    state.years = at("years").value;
    const open = firstOpen(study, state);
    state.place = open < 0 ? study.items.length - 1 : open;
    keep();
    if (open < 0) finish();
    else drawFrame(true);
  }

  function begun() {
    const past = kept(lastReader());
    at("count").textContent = String(study.items.length);
    at("task").textContent = study.asksReal && study.asksDiagnosis
      ? "Some are real, others synthetic: say which, and which diagnosis fits best."
      : study.asksReal ? "Some are real, others synthetic: say which." : "Say which diagnosis fits best.";
    if (past) {
      at("reader").value = past.reader;
      at("years").value = past.years;
      at("begin").textContent = "Go on";
      at("forget").hidden = false;
      at("kept").textContent = "This browser keeps " + answeredCount(study, past) + " of " + study.items.length +
        " answers of reader " + past.reader + ". Another code begins anew, and these stay.";
    }
    show("start");
    at("reader").focus();
  }

  function press(event) {
    if (at("reading").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    for (const name of ["real", "diagnosis"]) {
      const found = choices[name].find((it) => it[2] === key);
      if (found) {
        event.preventDefault();
        answer(name, found[0]);
        return;
      }
    }
    const onButton = event.target instanceof HTMLButtonElement;
    if (key === "Enter" && !onButton) move(1);
    else if (key === "ArrowLeft" && !(event.target instanceof HTMLInputElement)) move(-1);
    else if (key === "Z") toggleZoom();
    else return;
    event.preventDefault();
  }

  drawChoices("real");
  drawChoices("diagnosis");
  at("who").addEventListener("submit", begin);
  at("forget").addEventListener("click", () => {
    try {
      localStorage.removeItem(where + "-" + lastReader());
      localStorage.removeItem(where);
    } catch (error) {
      // Nothing was kept then.
    }
    location.reload();
  });
  at("next").addEventListener("click", () => move(1));
  at("back").addEventListener("click", () => move(-1));
  at("zoom").addEventListener("click", toggleZoom);
  at("pause").addEventListener("click", finish);
  at("again").addEventListener("click", () => {
    const open = firstOpen(study, state);
    state.place = open < 0 ? 0 : open;
    drawFrame(true);
  });
  at("json").addEventListener("click", () => save(JSON.stringify(answersDocument(study, state, new Date().toISOString()), null, 1), "application/json", "json"));
  at("csv").addEventListener("click", () => save(answersCsv(study, state), "text/csv", "csv"));
  document.addEventListener("keydown", press);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) countSeconds();
    else if (!at("reading").hidden) shownAt = performance.now();
  });
  window.addEventListener("beforeunload", (event) => {
    countSeconds();
    keep();
    if (!saved && !keeps) event.preventDefault();
  });
  begun();
}
