//! `data/other_region`: a command names a region of AWS in which the plan has no environment.
//!
//! Only where environments say their region. `us-east-1` is left alone: services without a region live there.

use crate::checks::data::find::Places;
use crate::checks::data::texts::commands;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Origin, Text};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/other_region");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Where services without a region answer.
const GLOBAL: &str = "us-east-1";

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let known: Vec<(&str, &Origin)> = release
        .environments
        .iter()
        .filter_map(|e| Some((e.region.as_ref().and_then(Text::known)?, &e.origin)))
        .collect();
    if !known.iter().any(|(r, _)| regions(r).next() == Some(*r)) {
        return;
    }
    let mut places = Places::new(subject.sources);
    let mut seen = BTreeSet::new();
    for command in commands(release) {
        if subject.sources.file(command.span.file).library {
            continue;
        }
        for region in regions(&command.display) {
            let ours = region == GLOBAL || known.iter().any(|(r, _)| *r == region);
            if ours || !seen.insert((command.span, region)) {
                continue;
            }
            let span = places.find(&command.origin, region);
            let mut d = Diagnostic::warning(
                CODE,
                span,
                format!("the command names `{region}`, where this plan has no environment"),
            )
            .here("another region");
            let mut shown = BTreeSet::new();
            for (ours, at) in known.iter().filter(|(r, _)| shown.insert(*r)).take(2) {
                d = d.fact(at.span, format!("is in `{ours}`"));
            }
            bag.push(
                place::through(d, &command.origin)
                    .help("name the region of the environment; in an action it is `${region}`")
                    .help("or, if it is meant, declare an environment there, or accept it and say why"),
            );
        }
    }
}

/// The names of regions in a text.
fn regions(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        .filter(|w| is_region(w))
}

/// Whether a word has the form of a region: `eu-west-1`, `us-gov-east-1`, `ap-southeast-2`.
fn is_region(word: &str) -> bool {
    const PARTS: [&str; 11] = [
        "us", "eu", "ap", "sa", "ca", "mx", "me", "af", "il", "cn", "us-gov",
    ];
    const SIDES: [&str; 9] = [
        "north",
        "south",
        "east",
        "west",
        "central",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
    ];
    let mut pieces = word.rsplitn(3, '-');
    let (Some(number), Some(side), Some(part)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return false;
    };
    number.len() == 1
        && number.as_bytes()[0].is_ascii_digit()
        && SIDES.contains(&side)
        && PARTS.contains(&part)
}

#[cfg(test)]
mod tests {
    use super::regions;

    #[test]
    fn regions_are_told_from_other_words() {
        let found = |text| regions(text).collect::<Vec<_>>();
        assert_eq!(found("680.dkr.ecr.us-east-2.amazonaws.com/x:1"), ["us-east-2"]);
        assert_eq!(
            found("--region=eu-west-1 arn:aws:sns:us-gov-east-1:1:x"),
            ["eu-west-1", "us-gov-east-1"]
        );
        assert!(found("eu-west-1a to-west-1 us-east1 north-1 patroni-02 us-east-22").is_empty());
    }
}
