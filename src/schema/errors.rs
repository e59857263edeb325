//! What can be wrong with the shape of a statement: its keyword, its block, how often it stands there.
//!
//! Constructors only; called by the structural check.

use crate::diagnostic::{Code, Diagnostic, Safety, nearest};
use crate::schema::{Block, Body, FormSpec, Statement};
use crate::source::Span;
use crate::syntax::ast::Stmt;

const UNKNOWN: Code = Code("resolve/unknown_statement");
const MISPLACED: Code = Code("resolve/misplaced_statement");
const REPEATED: Code = Code("resolve/repeated_statement");
const MISSING: Code = Code("resolve/missing_statement");
const ARGUMENTS: Code = Code("resolve/argument_count");
const NO_BLOCK: Code = Code("resolve/missing_block");
const BLOCK: Code = Code("resolve/unexpected_block");
const FORM: Code = Code("resolve/wrong_form");

fn place(block: Block) -> String {
    match block {
        Block::Module => "at the top of a file".to_string(),
        b => format!("in `{}`", b.name()),
    }
}

/// What other languages call a statement of this one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("depends_on", "after"),
    ("depends", "after"),
    ("needs", "after"),
    ("dependencies", "after"),
    ("environment", "in"),
    ("env", "in"),
    ("script", "run"),
    ("command", "run"),
    ("cmd", "run"),
    ("shell", "run"),
    ("exec", "run"),
    ("execute", "run"),
    ("if", "when"),
    ("condition", "when"),
    ("approvers", "from"),
    ("reviewers", "from"),
    ("approval", "approved"),
    ("approvals", "approved"),
    ("approved_by", "approved"),
    ("at_least", "quorum"),
    ("count", "quorum"),
    ("minimum", "quorum"),
    ("required", "quorum"),
    ("not_by", "distinct_from"),
    ("except", "distinct_from"),
    ("excludes", "distinct_from"),
    ("different_from", "distinct_from"),
    ("skip", "skips"),
    ("bypass", "skips"),
    ("who", "by"),
    ("assignee", "owner"),
    ("responsible", "owner"),
    ("retries", "retry"),
    ("duration", "takes"),
    ("expected", "expect"),
    ("requires", "require"),
    ("gates", "verify"),
    ("check", "verify"),
    ("test", "verify"),
    ("on_error", "on_failure"),
    ("undo", "rollback"),
    ("revert", "rollback"),
    ("name", "title"),
    ("description", "summary"),
    ("timeout", "within"),
    ("within", "timeout"),
    ("deadline", "within"),
    ("sleep", "wait"),
    ("pause", "wait"),
    ("soak", "bake"),
    ("weight", "step"),
    ("canary", "rollout"),
    ("import", "use"),
    ("include", "use"),
    ("var", "let"),
    ("const", "let"),
    ("input", "param"),
    ("variable", "param"),
    ("threshold", "pass"),
    ("user", "person"),
    ("team", "role"),
    ("group", "role"),
    ("users", "members"),
    ("start", "opens"),
    ("end", "closes"),
    ("timezone", "zone"),
    ("tz", "zone"),
    ("message", "tell"),
    ("outputs", "capture"),
    ("output", "capture"),
    ("reason", "because"),
    ("expires", "until"),
];

pub(crate) fn suggestion(keyword: &str, block: Block) -> Option<&'static str> {
    let here = || block.statements().iter().map(|s| s.keyword);
    let meant = ELSEWHERE.iter().filter(|(theirs, _)| *theirs == keyword);
    meant
        .map(|(_, ours)| *ours)
        .find(|ours| here().any(|k| k == *ours))
        .or_else(|| nearest(keyword, here()))
}

/// How the language says what another says with a word at the start of a line.
fn borrowed(keyword: &str) -> Option<&'static str> {
    match keyword {
        "if" | "else" | "elif" | "unless" | "switch" => {
            Some("a statement that holds only sometimes has `when CONDITION` in its block")
        }
        "is" => Some("write it at the end of the line before: `when a is b`"),
        "while" | "foreach" | "repeat" => {
            Some("write `for NAME in LIST { … }`: the statements once for each value of a list")
        }
        _ => None,
    }
}

pub(crate) fn unknown(stmt: &Stmt, block: Block) -> Diagnostic {
    let keyword = &stmt.keyword;
    let d = Diagnostic::error(
        UNKNOWN,
        keyword.span,
        format!("there is no statement `{}` {}", keyword.text, place(block)),
    )
    .here("not a statement here");
    if let Some(help) = borrowed(&keyword.text) {
        return d.help(help);
    }
    match suggestion(&keyword.text, block) {
        Some(near) => d.help(format!("did you mean `{near}`?")).unsafe_fix(
            format!("write `{near}`"),
            keyword.span,
            near,
        ),
        None => d.help(format!("{} can hold {}", block.name(), keywords(block))),
    }
}

pub(crate) fn misplaced(stmt: &Stmt, block: Block, homes: &[Block]) -> Diagnostic {
    let keyword = &stmt.keyword;
    // Where it is looked for first comes first.
    let usual = |b: &&Block| matches!(**b, Block::Stage | Block::Release);
    let (usual, rest): (Vec<&Block>, Vec<&Block>) = homes.iter().partition(usual);
    let many = homes.len() > HOMES;
    let mut homes: Vec<_> = usual
        .into_iter()
        .chain(rest)
        .take(HOMES)
        .map(|b| place(*b))
        .collect();
    if many {
        homes.push("and elsewhere".to_string());
    }
    let d = Diagnostic::error(
        MISPLACED,
        keyword.span,
        format!("`{}` cannot stand {}", keyword.text, place(block)),
    )
    .here("does not belong here");
    let stands = format!("it stands {}", homes.join(", "));
    if let Some(help) = borrowed(&keyword.text) {
        return d.help(help).help(format!("`{}` itself: {stands}", keyword.text));
    }
    match suggestion(&keyword.text, block) {
        Some(near) => d
            .help(format!("did you mean `{near}`?"))
            .help(format!("or {stands}")),
        None if block.statements().len() <= FEW => {
            let d = d.help(stands);
            d.help(format!("{} can hold {}", block.name(), keywords(block)))
        }
        None => d.help(stands),
    }
}

/// How many of the blocks that hold a statement are named.
const HOMES: usize = 5;

/// The most statements a block may hold so that they are all named beside another help.
const FEW: usize = 8;

/// All that a block can hold.
fn keywords(block: Block) -> String {
    let all: Vec<_> = block
        .statements()
        .iter()
        .map(|s| format!("`{}`", s.keyword))
        .collect();
    all.join(", ")
}

pub(crate) fn repeated(stmt: &Stmt, first: Span, block: Block) -> Diagnostic {
    Diagnostic::error(
        REPEATED,
        stmt.keyword.span,
        format!("`{}` is said twice {}", stmt.keyword.text, place(block)),
    )
    .here("said again here")
    .fact(first, "first said here")
    .help("keep the one that is meant")
    .fix(
        "remove this one",
        Safety::Unsafe,
        vec![crate::diagnostic::Edit {
            span: stmt.span,
            replacement: String::new(),
        }],
    )
}

pub(crate) fn missing(head: Span, block: Block, row: &Statement) -> Diagnostic {
    Diagnostic::error(
        MISSING,
        head,
        format!("this `{}` does not say its `{}`", block.name(), row.keyword),
    )
    .here(format!("`{}` is missing", row.keyword))
    .help(format!("add `{}`: {}", usage(row), lower_first(row.doc)))
}

pub(crate) fn arguments(stmt: &Stmt, row: &Statement, at: Span, found: usize) -> Diagnostic {
    let n = match found {
        0 => "none is given".to_string(),
        1 => "one is given".to_string(),
        n => format!("{n} are given"),
    };
    Diagnostic::error(
        ARGUMENTS,
        at,
        match (row.args, found) {
            ([one], 2..) if one.count != crate::schema::Count::Many => {
                format!("`{}` takes one value, and {n}", stmt.keyword.text)
            }
            ([], _) => format!("`{}` takes no value, and {n}", stmt.keyword.text),
            _ => format!("`{}` takes other arguments: {n}", stmt.keyword.text),
        },
    )
    .here(if found == 0 {
        "a value is missing"
    } else {
        "not what it takes"
    })
    .help(format!("write `{}`", usage(row)))
}

pub(crate) fn missing_block(stmt: &Stmt, row: &Statement) -> Diagnostic {
    Diagnostic::error(
        NO_BLOCK,
        stmt.head(),
        format!("`{}` needs a block", stmt.keyword.text),
    )
    .here("`{ … }` is missing")
    .help(format!("write `{}`", usage(row)))
}

pub(crate) fn unexpected_block(stmt: &Stmt, row: &Statement) -> Diagnostic {
    let span = stmt.block.as_ref().map_or(stmt.span, |b| b.span);
    Diagnostic::error(
        BLOCK,
        span.start_point().to(Span {
            end: span.start + 1,
            ..span
        }),
        format!("`{}` takes no block", stmt.keyword.text),
    )
    .here("nothing can stand in it")
    .help(format!("write `{}`", usage(row)))
}

pub(crate) fn wrong_form(stmt: &Stmt, row: &Statement) -> Diagnostic {
    Diagnostic::error(
        FORM,
        stmt.head(),
        format!("`{}` is not written like this", stmt.keyword.text),
    )
    .here("another form is expected")
    .help(format!("write `{}`", usage(row)))
}

fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(c) => c.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A statement as it is written, with words in capitals for what the author fills in: `quorum N`.
pub fn usage(row: &Statement) -> String {
    let mut text = row.keyword.to_string();
    match row.form {
        FormSpec::Use => text.push_str(" std.module"),
        FormSpec::Param => text.push_str(" name: type = default"),
        FormSpec::Let => text.push_str(" name = value"),
        FormSpec::Capture => text.push_str(" name: type"),
        FormSpec::Plain | FormSpec::Define => {
            for (i, arg) in row.args.iter().enumerate() {
                text.push_str(if i == 0 { " " } else { ", " });
                text.push_str(&match arg.count {
                    crate::schema::Count::One => arg.name.to_string(),
                    crate::schema::Count::Optional => format!("[{}]", arg.name),
                    crate::schema::Count::Many => format!("{}, …", arg.name),
                });
            }
        }
    }
    match row.body {
        Body::None => {}
        Body::Optional(_) => text.push_str(" [{ … }]"),
        Body::Required(_) => text.push_str(" { … }"),
    }
    text
}
