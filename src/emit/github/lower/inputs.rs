//! The inputs of a run, and the checks of what was given.
//!
//! Called by `around` and `rollback`.

use crate::emit::github::lower::conds::choices;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::JobBuilder;
use crate::emit::github::lower::{jq, values};
use crate::emit::github::model::{Expr, Input, InputKind};
use crate::emit::github::script::{Assert, Program, Script};
use crate::emit::parts::input_name;
use crate::model::{ParamId, ParamType, Release};

/// The parameters that are inputs of a run: those that nothing fixes.
pub fn open(release: &Release) -> Vec<ParamId> {
    (0..release.params.len())
        .map(ParamId::at)
        .filter(|p| release.param(*p).fixed.is_none())
        .collect()
}

/// Their names.
pub fn names(release: &Release) -> Vec<String> {
    open(release)
        .into_iter()
        .map(|p| input_name(release, p))
        .collect()
}

/// The inputs that are parameters of the plan.
pub fn params(release: &Release) -> Vec<Input> {
    open(release)
        .into_iter()
        .map(|id| {
            let param = release.param(id);
            let default = param.default.as_ref().map(|d| jq::constant(release, d));
            let words = match &param.ty {
                ParamType::Person => release.people.iter().map(|p| p.name.to_string()).collect(),
                _ => choices(release, id),
            };
            let kind = match &param.ty {
                ParamType::Bool => InputKind::Flag,
                _ if !words.is_empty() => InputKind::Choice(words),
                _ => InputKind::Text,
            };
            Input {
                name: input_name(release, id),
                description: param
                    .doc
                    .clone()
                    .unwrap_or_else(|| param.name.to_string())
                    .trim()
                    .to_string(),
                required: default.is_none() && param.ty != ParamType::Bool,
                kind,
                default: default.or_else(|| (param.ty == ParamType::Bool).then(|| "false".to_string())),
            }
        })
        .collect()
}

/// The input that names the approved plan.
pub fn plan() -> Input {
    text(
        "plan",
        "The sha256 of the approved plan, from the change request",
        false,
        Some(""),
    )
}

/// A text that is given.
pub fn text(name: &str, description: &str, required: bool, default: Option<&str>) -> Input {
    Input {
        name: name.to_string(),
        description: description.to_string(),
        required,
        kind: InputKind::Text,
        default: default.map(str::to_string),
    }
}

/// The step that checks what was given: each input has its type, and the plan's asserts hold.
pub fn check(b: &mut JobBuilder<'_, '_>) {
    let ctx = b.ctx;
    let release = ctx.release;
    let mut vars = b.vars("IN_");
    let mut list = Vec::new();
    for id in open(release) {
        let param = release.param(id);
        let Some((pattern, what)) = shape(&param.ty) else {
            continue;
        };
        let name = vars.variable(values::param(release, id));
        let message = format!("WRONG_{}", list.len() + 1);
        vars.text(&message, format!("{} must be {what}", param.name));
        let program = Program {
            text: format!("${name} | test({})", jq::string(pattern)),
            args: vec![name],
            decides: None,
            word: None,
        };
        list.push(Assert {
            holds: program,
            message,
        });
    }
    for assertion in &release.asserts {
        let message = format!("WRONG_{}", list.len() + 1);
        vars.bind_text(&message, &assertion.message);
        let holds = vars.condition(&assertion.holds);
        list.push(Assert { holds, message });
    }
    if !list.is_empty() {
        vars.compute.clear();
        b.step(
            None,
            "What was given is what the plan demands",
            None,
            vars,
            Script::Asserts(list),
        );
    }
}

/// The pattern a value of a type matches, and its name; nothing where GitHub itself offers the choices. In `jq` a `$` stands before a line
/// break at the end as well.
fn shape(ty: &ParamType) -> Option<(&'static str, &'static str)> {
    Some(match ty {
        ParamType::Text => ("^[^\\x00-\\x1f]+\\z", "one line of text"),
        ParamType::Int => ("^-?[0-9]+\\z", "a whole number"),
        ParamType::Number => ("^-?[0-9]+([.][0-9]+)?\\z", "a number"),
        ParamType::Percent => ("^-?[0-9]+([.][0-9]+)?%\\z", "a percentage such as 10%"),
        ParamType::Duration => (
            "^([0-9]+([.][0-9]+)?(ms|wd|d|h|m|s))+\\z",
            "a duration such as 1h30m",
        ),
        ParamType::Version => (
            "^v?[0-9]+([.][0-9]+)*(-[0-9A-Za-z.-]+)?([+][0-9A-Za-z.-]+)?\\z",
            "a version such as 2.0.0",
        ),
        ParamType::Date => ("^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z", "a date such as 2026-06-01"),
        ParamType::Time => ("^[0-9]{2}:[0-9]{2}\\z", "a time such as 22:00"),
        ParamType::Url => ("^https?://[^\\s]+\\z", "an address"),
        _ => return None,
    })
}

/// The author's login, when the author is an input.
pub fn author(ctx: &Ctx<'_>) -> Option<(Expr, String)> {
    use crate::emit::people::Reviewers;
    use crate::model::{PersonId, PersonRef, RoleOrPerson};
    let id = ctx.release.authors.iter().find_map(|(a, _)| match a {
        PersonRef::Param(p) => Some(*p),
        PersonRef::Person(_) => None,
    })?;
    let mut logins = serde_json::Map::new();
    for (i, person) in ctx.release.people.iter().enumerate() {
        let who = Reviewers::of(ctx.release, &[RoleOrPerson::Person(PersonId::at(i))]);
        let login = who.permitted.first().cloned().unwrap_or_default();
        logins.insert(person.name.to_string(), serde_json::Value::String(login));
    }
    Some((
        values::param(ctx.release, id),
        serde_json::Value::Object(logins).to_string(),
    ))
}
