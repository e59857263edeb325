//! The repairs that a finding offers, made in the text: each ends the finding.
//!
//! Plans that nobody can approve are drawn at random: roles that share people, approvals that ask for several of them and keep
//! them apart, people named for executing. What the finding says to do is done to the text, word for word.

mod shared;

use releasec::checks;
use releasec::diagnostic::Diagnostic;
use releasec::source::{SourceMap, Span};
use shared::{Alone, sound};

/// A small generator, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % n
    }
}

const ROLES: [&str; 3] = ["leads", "security", "board"];

/// An approval as it is written.
#[derive(Clone)]
struct Asked {
    from: Vec<String>,
    quorum: usize,
    apart: Vec<String>,
    /// Not written: it has no part in a finding.
    out: bool,
}

#[derive(Clone)]
struct Drawn {
    people: usize,
    members: Vec<Vec<usize>>,
    asked: Vec<Asked>,
}

fn drawn(dice: &mut Dice) -> Drawn {
    let people = 3 + dice.roll(3);
    let members = ROLES
        .iter()
        .map(|_| {
            let first = dice.roll(people);
            let more = (0..people).filter(|p| *p != first && dice.roll(3) == 0);
            std::iter::once(first).chain(more.collect::<Vec<_>>()).collect()
        })
        .collect();
    let asked = (0..2 + dice.roll(2))
        .map(|i| {
            let mut apart = vec!["author".to_string(), "executors".to_string()];
            apart.extend((0..i).filter(|_| dice.roll(3) > 0).map(|j| format!("yes{j}")));
            Asked {
                from: vec![ROLES[dice.roll(3)].to_string()],
                quorum: 1 + dice.roll(2),
                apart,
                out: false,
            }
        })
        .collect();
    Drawn {
        people,
        members,
        asked,
    }
}

fn text(d: &Drawn) -> String {
    let mut out = String::from("person ana { name \"Ana Ruiz\" }\n");
    for p in 0..d.people {
        out.push_str(&format!("person p{p} {{ name \"Person {p}\" }}\n"));
    }
    out.push_str("role ops { title \"Operations\"; members p0 }\n");
    for (role, members) in ROLES.iter().zip(&d.members) {
        let names: Vec<String> = members.iter().map(|p| format!("p{p}")).collect();
        out.push_str(&format!(
            "role {role} {{ title \"A role\"; members {} }}\n",
            names.join(", ")
        ));
    }
    out.push_str("environment staging { kind staging }\nrelease shop {\n  title \"Shop\"; version \"1.0.0\"; author ana; owner ops; in staging\n");
    for (i, a) in d.asked.iter().enumerate().filter(|(_, a)| !a.out) {
        out.push_str(&format!(
            "  approval yes{i} {{ from {}; quorum {}",
            a.from.join(", "),
            a.quorum
        ));
        if !a.apart.is_empty() {
            out.push_str(&format!("; distinct_from {}", a.apart.join(", ")));
        }
        out.push_str(" }\n");
    }
    let names: Vec<String> = (0..d.asked.len())
        .filter(|i| !d.asked[*i].out)
        .map(|i| format!("yes{i}"))
        .collect();
    out.push_str(&format!(
        "  stage check {{ approved {}; run \"make check\" {{ changes nothing }} }}\n}}\n",
        names.join(", ")
    ));
    out
}

/// What is found of the two codes whose findings say how to mend that nobody can approve.
fn found(text: &str) -> (SourceMap, Vec<Diagnostic>) {
    let (plan, sources) = sound("shop.release", text, &Alone);
    let mut all = checks::run(&plan, &sources).findings;
    all.retain(|d| ["sod/unsatisfiable", "sod/quorum_exceeds_pool"].contains(&d.code.0));
    (sources, all)
}

/// The index of the approval that a sentence names first.
fn named(sentence: &str) -> Option<usize> {
    let at = sentence.find("`yes")? + 4;
    sentence[at..].chars().next()?.to_digit(10).map(|n| n as usize)
}

/// The number before or in a sentence such as `let 2 more people approve` or ``ask fewer: `quorum 1` ``.
fn number(sentence: &str) -> usize {
    let digits = |w: &str| w.trim_matches('`').parse().ok();
    sentence.split(' ').filter_map(digits).next().unwrap_or(1)
}

/// The plan with a repair made; nothing when it is not one that this test can make.
fn mended(d: &Drawn, finding: &Diagnostic, sources: &SourceMap, sentence: &str) -> Vec<Drawn> {
    let of =
        named(sentence).or_else(|| named(sources.text(finding.span)).or_else(|| named(&finding.message)));
    if sentence.contains("ask fewer") {
        let mut new = d.clone();
        new.asked[of.expect("an approval")].quorum =
            number(sentence.rsplit("quorum ").next().unwrap_or_default());
        return vec![new];
    }
    if sentence.contains("approve") && (sentence.contains("more p") || sentence.contains("add ")) {
        let mut new = d.clone();
        for _ in 0..number(sentence) {
            new.asked[of.expect("an approval")]
                .from
                .push(format!("p{}", new.people));
            new.people += 1;
        }
        return vec![new];
    }
    if sentence.contains("leave out one of the rules shown") {
        // Every rule that is shown, each alone.
        let rule = |span: Span| {
            let i = approval_at(sources, span)?;
            let mut new = d.clone();
            let k = new.asked[i].apart.iter().position(|a| a == sources.text(span))?;
            new.asked[i].apart.remove(k);
            Some(new)
        };
        return finding.labels.iter().filter_map(|l| rule(l.span)).collect();
    }
    Vec::new()
}

/// Which approval stands in the line of a place.
fn approval_at(sources: &SourceMap, span: Span) -> Option<usize> {
    let text = &sources.file(span.file).text;
    let start = text[..span.start as usize].rfind('\n').map_or(0, |n| n + 1);
    let name = text[start..].trim_start().strip_prefix("approval yes")?;
    name.chars().next()?.to_digit(10).map(|n| n as usize)
}

/// The plan with nothing but what a finding shows: its approvals, and of those whom they must differ from.
fn shown_only(d: &Drawn, finding: &Diagnostic, sources: &SourceMap) -> Drawn {
    let places: Vec<Span> = std::iter::once(finding.span)
        .chain(finding.labels.iter().map(|l| l.span))
        .collect();
    let at = |i: usize| {
        places
            .iter()
            .filter(move |s| approval_at(sources, **s) == Some(i))
    };
    let mut new = d.clone();
    for (i, asked) in new.asked.iter_mut().enumerate() {
        asked.out = at(i).next().is_none();
        asked.apart.retain(|a| at(i).any(|s| sources.text(*s) == a));
    }
    let there: Vec<String> = (0..new.asked.len())
        .filter(|i| !new.asked[*i].out)
        .map(|i| format!("yes{i}"))
        .collect();
    for asked in &mut new.asked {
        asked.apart.retain(|a| !a.starts_with("yes") || there.contains(a));
    }
    new
}

#[test]
fn what_a_finding_says_to_do_ends_it() {
    let mut dice = Dice(7);
    let (mut plans, mut made, mut wrong) = (0, 0, Vec::new());
    for _ in 0..400 {
        let whole = drawn(&mut dice);
        let before = text(&whole);
        let (sources, all) = found(&before);
        plans += usize::from(!all.is_empty());
        for finding in &all {
            // What is shown is enough for the contradiction, and mended when it is mended.
            let d = shown_only(&whole, finding, &sources);
            let alone = text(&d);
            let (sources, again) = found(&alone);
            let [finding] = &again[..] else {
                let said: Vec<&str> = again.iter().map(|d| d.message.as_str()).collect();
                wrong.push(format!(
                    "{}: what is shown gives {said:?}\n{alone}\nof\n{before}",
                    finding.message
                ));
                continue;
            };
            for sentence in &finding.help {
                let options = mended(&d, finding, &sources, sentence);
                if options.is_empty() {
                    wrong.push(format!("{}: `{sentence}` cannot be done\n{alone}", finding.code));
                }
                for new in options {
                    let after = text(&new);
                    made += 1;
                    if let Some(then) = found(&after).1.first() {
                        wrong.push(format!(
                            "after `{sentence}`: {}\n{after}\nof\n{alone}",
                            then.message
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {made}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
    assert!(plans > 50 && made > 200, "{plans} plans, {made} repairs");
}
