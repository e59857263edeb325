//! The timeline says when each thing happens at the latest, as a run that takes its longest does.

use crate::support::{Compiled, plan, table};
use releasec::run::{Outcomes, Reference, Subject, Verb};

const BEFORE: &str = r#"
person ana { name "Ana Ruiz" }
person ben { name "Ben Okoro" }
role operations { title "Operations"; members ben }
role leads { title "Leads"; at_least 3 }
environment staging { kind staging }
channel room { title "the room"; run "./say.sh ${message}" }
gate quiet { title "It is quiet"; run "./quiet.sh" { changes nothing; takes 2m .. 3m } }
gate smoke { title "It answers"; run "./smoke.sh" { changes nothing; takes 1m .. 2m30s } }
"#;

fn shop(rest: &str) -> Compiled {
    plan(&format!(
        "{BEFORE}release shop {{ title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n\
         start 2026-10-25T00:30Z\n{rest}\n}}\n"
    ))
}

/// What is held while two stages run, one hold inside the other, with something to do at the end of every run.
const HELD: &str = r#"
  hold outer {
    title "Outer"
    enter { run "./outer.sh on" { changes "setting:outer"; takes 20s .. 40s } }
    exit  { run "./outer.sh off" { changes "setting:outer"; takes 20s .. 50s } }
    during first .. second
  }
  hold inner {
    title "Inner"
    enter { run "./inner.sh on" { changes "setting:inner"; takes 1m .. 2m } }
    exit  { run "./inner.sh off" { changes "setting:inner"; takes 1m .. 4m } }
    during second .. second
  }
  stage first { require quiet; run "./first.sh" { changes nothing; takes 1m .. 5m } }
  stage second {
    after first
    rollout {
      step 10%  { bake 10m; verify smoke }
      step 100% { at T+30m; bake 5m; verify smoke }
    }
    run "./second.sh ${rollout.weight}" { changes nothing; takes 30s .. 90s }
  }
  finally {
    run "./logs.sh" { changes nothing; takes 1m .. 3m }
    tell room, "It is over"
  }
"#;

/// The offset by which people know a moment that comes at the latest then.
fn offset(ms: i64) -> String {
    match (ms + 59_999) / 60_000 {
        0 => "T".into(),
        m if m < 60 => format!("T+{m}m"),
        m if m % 60 == 0 => format!("T+{}h", m / 60),
        m => format!("T+{}h{}m", m / 60, m % 60),
    }
}

#[test]
fn everything_starts_when_a_run_that_takes_its_longest_starts_it() {
    let c = shop(HELD);
    let trace = Reference::new(&c.plan).run(&Outcomes::default());
    let rows = table(c.document("runbook.md"), "Timeline");
    let step = rows[0]
        .iter()
        .position(|h| h == "Step")
        .expect("a column of steps");
    let at = |what: &str| -> Vec<String> {
        let found = rows.iter().filter(|row| row[step] == what);
        found.map(|row| row[0].clone()).collect()
    };
    let hold = |name: &str| {
        let holds = &c.plan.release().holds;
        let place = holds.iter().position(|h| h.name == name).expect("a hold");
        Subject::Hold(releasec::model::HoldId::at(place))
    };
    let run = |subject: Subject, verb: Verb| -> Vec<String> {
        let events = trace.events.iter();
        let events = events.filter(|e| e.subject == subject && e.verb == verb);
        events.map(|e| offset(e.at)).collect()
    };
    for (name, title) in [("outer", "Outer"), ("inner", "Inner")] {
        assert_eq!(
            at(&format!("enter “{title}”")),
            run(hold(name), Verb::Enter),
            "{name}"
        );
        assert_eq!(
            at(&format!("leave “{title}”")),
            run(hold(name), Verb::Exit),
            "{name}"
        );
    }
    for (i, name) in ["first", "second"].into_iter().enumerate() {
        let stage = Subject::Stage(releasec::model::StageId::at(i));
        let said: Vec<String> = rows
            .iter()
            .filter(|row| row[step].ends_with(&format!(" {name}")))
            .map(|row| row[0].clone())
            .collect();
        // The gate before its first step is no step.
        let first = c
            .plan
            .release()
            .stage(releasec::model::StageId::at(i))
            .require
            .len();
        assert_eq!(said[first..], run(stage, Verb::StepStart), "{name}: {rows:#?}");
    }
    assert_eq!(
        at("at the end of every run"),
        run(Subject::Run, Verb::Aside),
        "{rows:#?}"
    );
    let end = c
        .document("change-request.md")
        .lines()
        .find_map(|l| l.strip_prefix("| Ends at the latest | "))
        .expect("the end");
    assert!(
        end.contains(&format!(", {} ", offset(trace.end()))),
        "{end}: {}",
        trace.end()
    );
}

#[test]
fn an_end_that_nobody_knows_is_not_called_the_latest() {
    let open = |rest: &str| {
        let c = shop(rest);
        let document = c.document("change-request.md").to_string();
        let end = document
            .lines()
            .find_map(|l| l.strip_prefix("| Should end by | "));
        assert!(
            end.is_none() || !document.contains("Ends at the latest"),
            "{document}"
        );
        end.map(str::to_string)
    };
    assert_eq!(open(HELD), None);
    let silent = "stage a { bake 5m; run \"./a.sh\" { changes nothing } }";
    let timeout = "stage a { bake 5m; run \"./a.sh\" { changes nothing; timeout 5m } }";
    let gate = "stage a { run \"./a.sh\" { changes nothing; takes 5m }; verify asks }\n\
                gate asks { ask \"Well?\"; by leads; evidence \"a note\" }";
    let again = "stage a { run \"./a.sh\" { changes nothing; takes 5m; retry 2 } }";
    let finally = "stage a { bake 5m }\nfinally { run \"./logs.sh\" { changes nothing } }";
    for (rest, said) in [
        (silent, "steps whose duration nobody has said (“./a.sh” in a)"),
        (timeout, "steps whose duration nobody has said (“./a.sh” in a)"),
        (gate, "steps whose duration nobody has said (“asks” in a)"),
        (again, "tries after the first (a)"),
        (
            finally,
            "steps whose duration nobody has said (at the end of every run)",
        ),
    ] {
        let end = open(rest).unwrap_or_default();
        assert!(end.contains(&format!("Not counted: {said}.")), "{rest}: {end}");
    }
    let counts = |rest: &str| shop(rest).document("runbook.md").contains("counts as none here");
    assert!(counts(silent), "its one step has no duration");
    assert!(!counts(again), "all have one, though it may take several tries");
    let never = shop("stage a { run \"./a.sh\" { changes nothing } }\nstage b { after a; bake 5m }");
    let flags = never.document("change-request.md");
    assert!(
        flags.contains(
            "Nobody has said how long this takes: a. So nobody can say when the release ends at the latest."
        ),
        "{flags}"
    );
    assert_eq!(
        open("stage a { takes 5m; run \"./a.sh\" { changes nothing; retry 2 } }"),
        None,
        "the stage says how long it takes as a whole"
    );
}

/// A run tells of its start before it asks anybody (`src/run`), and so do the pipelines.
#[test]
fn who_is_told_of_the_start_is_told_when_the_run_is_opened() {
    let c = shop(
        "approval go { from leads; distinct_from author, executors; within 2d }\n\
         stage a { approved go; run \"./a.sh\" { changes nothing; takes 5m } }\n\
         notify room { on started, finished; message \"News\" }\nnotify leads { on started(each) }",
    );
    let rows = table(c.document("runbook.md"), "Timeline");
    let what: Vec<(&str, &str)> = rows[1..4]
        .iter()
        .map(|r| (r[0].as_str(), r[3].as_str()))
        .collect();
    assert_eq!(
        what,
        [
            ("T-2d", "message: the room"),
            ("T-2d", "approval “go”"),
            ("T", "1.1 a")
        ],
        "{rows:#?}"
    );
    let told = table(c.document("release-plan.md"), "Communication timeline");
    assert_eq!(told[2][0], "T", "the first of the stages: {told:#?}");
}

/// Two ways exclude each other with something in between: a run takes the one or the other.
const TWO_WAYS: &str = r#"decision way { ask "Which way?"; by leads; option short; option long }
    stage copy { when way is long; run "./copy.sh" { changes "db:copy"; takes 60m; undo run "./uncopy.sh" { takes 20m } } }
    stage shift { after copy; run "./shift.sh" { changes "lb:live"; takes 10m; undo run "./unshift.sh" { takes 5m } } }
    stage warm { after shift; when way is short; run "./warm.sh" { changes "cache:live"; takes 30m; undo run "./cool.sh" { takes 15m } } }
    stage done { after warm; run "./done.sh" { changes "flag:live"; takes 1m; undo run "./undone.sh" { takes 1m } } }"#;

#[test]
fn what_excludes_each_other_is_not_added_up_over_something_in_between() {
    let c = shop(TWO_WAYS);
    let runbook = c.document("runbook.md");
    assert!(runbook.contains("| Takes | up to 1 h 11 min |"), "{runbook}");
    assert!(runbook.contains("the longest rollback takes 26 min"), "{runbook}");
    let rows = table(runbook, "Timeline");
    let times: Vec<(&str, &str)> = rows[1..].iter().map(|r| (r[0].as_str(), r[3].as_str())).collect();
    assert_eq!(
        times,
        [
            ("T", "decision way"),
            ("T", "1.1 copy"),
            ("T+1h", "2.1 shift"),
            ("T+10m", "3.1 warm"),
            ("T+1h10m", "4.1 done"),
        ],
        "in the order of the plan, each at its own latest: {rows:#?}"
    );
    assert!(
        runbook.contains("What excludes each other is not added up"),
        "{runbook}"
    );
    let staged = table(c.document("release-plan.md"), "Staged rollout");
    let stages: Vec<&str> = staged[1..].iter().map(|r| r[0].as_str()).collect();
    assert_eq!(
        stages,
        [
            "copy (only when decision way is long)",
            "shift",
            "warm (only when decision way is short)",
            "done"
        ]
    );
    let judged = TWO_WAYS.replace(
        "undo run \"./uncopy.sh\" { takes 20m } }",
        "undo run \"./uncopy.sh\" { takes 20m } }; verify smoke",
    );
    let judged = judged.replace(
        "undo run \"./cool.sh\" { takes 15m } }",
        "undo run \"./cool.sh\" { takes 15m } }; verify smoke",
    );
    let points = table(shop(&judged).document("release-plan.md"), "Go or no-go");
    let points: Vec<&str> = points[1..]
        .iter()
        .map(|r| r[1].split(':').next().unwrap_or(""))
        .collect();
    assert_eq!(
        points[points.len() - 2..],
        ["copy", "warm"],
        "in the order of the plan: {points:?}"
    );
    let without = shop("stage a { run \"./a.sh\" { changes nothing; takes 5m } }");
    assert!(!without.document("runbook.md").contains("excludes each other"));
}

#[test]
fn what_cannot_have_begun_is_not_undone() {
    let c = shop(TWO_WAYS);
    let rows = table(
        c.document("runbook.md"),
        "From here: what is undone when something fails",
    );
    let undone: Vec<(&str, &str, &str)> = rows[1..]
        .iter()
        .map(|r| (r[0].as_str(), r[2].as_str(), r[3].as_str()))
        .collect();
    assert_eq!(
        undone,
        [
            ("copy", "copy", "20 min"),
            ("shift", "shift, then copy", "25 min"),
            ("warm", "warm, then shift", "20 min"),
            ("done", "done, then warm, then shift, then copy", "26 min"),
            (
                "the undo of a stage",
                "all else that is to be undone, in its order",
                "not before a person has seen to it"
            ),
        ]
    );
    let said = "A stage that did not apply in the run is left out of the order.";
    assert!(c.document("runbook.md").contains(said));
}
