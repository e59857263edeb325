//! An event as a sentence.
//!
//! Called by the text and by the drawing.

use crate::model::{Release, RoleOrPerson};
use crate::plan::show;
use crate::run::trace::{Event, Final, Subject, Verb};

/// Whether an event is news to a reader who wants the story and not every word of it.
pub(super) fn told(verb: Verb) -> bool {
    !matches!(
        verb,
        Verb::Behind
            | Verb::Message
            | Verb::StepEnd
            | Verb::Enter
            | Verb::Exit
            | Verb::Pass
            | Verb::NotApplicable
    )
}

/// Who is asked for an approval or a decision, in words.
pub(super) fn asked(release: &Release, subject: Subject) -> Vec<String> {
    let role = |r: crate::model::RoleId| show::prose(release, &release.role(r).title);
    match subject {
        Subject::Approval(a) => release
            .approval(a)
            .from
            .iter()
            .map(|(who, _)| who_words(release, who))
            .collect(),
        Subject::Decision(d) => {
            let by = &release.decision(d).question.by;
            if by.is_empty() {
                vec![role(release.owner)]
            } else {
                by.iter().map(|r| role(*r)).collect()
            }
        }
        _ => vec![role(release.owner)],
    }
}

fn who_words(release: &Release, who: &RoleOrPerson) -> String {
    match who {
        RoleOrPerson::Role(r) => show::prose(release, &release.role(*r).title),
        RoleOrPerson::Person(p) => show::prose(release, &release.person(*p).full_name),
    }
}

/// The event in words; what it is about comes first.
pub(super) fn sentence(release: &Release, event: &Event) -> String {
    let name = event.subject.name(release);
    let subject = match event.subject {
        Subject::Run => "the run".to_string(),
        Subject::Stage(_) => format!("`{name}`"),
        other => format!("{} `{name}`", other.kind()),
    };
    let more = |text: &str| {
        if event.detail.is_empty() {
            format!("{subject} {text}")
        } else {
            format!("{subject} {text} {}", event.detail)
        }
    };
    match (event.verb, event.subject) {
        (Verb::Ask, _) => format!(
            "{subject} is asked of {}",
            super::listed(&asked(release, event.subject))
        ),
        (Verb::Fail, Subject::Gate(_)) => format!("{subject} does not pass"),
        (Verb::Fail, Subject::Hold(_)) => format!("{subject} fails {}", event.detail),
        (Verb::Rollback, _) if event.detail.is_empty() => "what began is undone".to_string(),
        (Verb::Rollback, _) => format!("it is undone {}", event.detail),
        (Verb::Over, _) => format!("the run is over: {}", state(&event.detail)),
        (Verb::Aside, Subject::Run) => format!("`finally`: {}", event.detail),
        (Verb::AsideFail, Subject::Run) => format!("`finally` fails at: {}", event.detail),
        (Verb::Entered, _) if event.detail.is_empty() => format!("{subject} is entered"),
        (Verb::Pause, _) => "the run pauses, and the owner is asked".to_string(),
        (verb, _) => more(verb.text()),
    }
}

fn state(word: &str) -> String {
    let all = [
        Final::Succeeded,
        Final::RolledBack,
        Final::Stopped,
        Final::NeedsHelp,
    ];
    let found = all.into_iter().find(|f| f.word() == word);
    found.map_or_else(|| word.to_string(), |f| f.text().to_string())
}
