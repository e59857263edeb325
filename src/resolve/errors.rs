//! What can be wrong with names and modules. Constructors only.

use crate::diagnostic::{Code, Diagnostic, Edit, Safety, did_you_mean};
use crate::resolve::Kind;
use crate::source::Span;

/// A name nobody defined.
pub fn unknown_name<'a>(
    span: Span,
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let d = Diagnostic::error(
        Code("resolve/unknown_name"),
        span,
        format!("there is no {what} `{name}`"),
    )
    .here("not defined");
    match did_you_mean(name, candidates) {
        Some(h) => d.help(h),
        None if name == "prior" => d
            .help("what an action recorded before it ran is known in that action's own `undo` only")
            .help("let a step before `capture` it, and write `STAGE.name`"),
        None => match crate::resolve::stdlib::called(name) {
            Some(module) => d.help(format!("bring it in: `use {module}`")),
            None => d.help(format!("define it, or bring it in with `use … {{ {name} }}`")),
        },
    }
}

/// An output that somebody else keeps, without saying who.
pub fn kept_elsewhere(span: Span, name: &str, owner: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/unknown_name"),
        span,
        format!("there is no value `{name}` here"),
    )
    .here("whose is it?")
    .fact(place, format!("`{owner}` keeps one"))
    .help(format!("write `{owner}.{name}`"))
}

/// A name of another kind than the place wants.
pub fn wrong_kind(span: Span, name: &str, wanted: &str, found: Kind, defined: Option<Span>) -> Diagnostic {
    let d = Diagnostic::error(
        Code("resolve/wrong_kind"),
        span,
        format!("`{name}` is {}, and {wanted} is needed here", found.a()),
    )
    .here(format!("{wanted} is needed"));
    let d = match defined {
        Some(at) => d.fact(at, format!("`{name}` is defined here")),
        None => d,
    };
    d.help(format!("name {wanted}"))
}

/// A name that fits several kinds.
pub fn ambiguous(span: Span, name: &str, kinds: &[Kind]) -> Diagnostic {
    let ways: Vec<_> = kinds.iter().map(|k| format!("`{}.{name}`", k.word())).collect();
    Diagnostic::error(
        Code("resolve/ambiguous_name"),
        span,
        format!("`{name}` could be more than one thing here"),
    )
    .here("which of them?")
    .help(format!("write {}", ways.join(" or ")))
}

/// A name defined twice.
pub fn duplicate(span: Span, first: Span, kind: Kind, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/duplicate_name"),
        span,
        format!("the {} `{name}` is defined twice", kind.word()),
    )
    .here("defined again here")
    .fact(first, "first defined here")
    .help("give one of them another name")
}

/// A name that hides one further out; `outer` is `span` when it is not known where that one stands.
pub fn shadowed(span: Span, outer: Span, what: &str, name: &str) -> Diagnostic {
    let d = Diagnostic::error(
        Code("resolve/shadowed_name"),
        span,
        format!("this {what} hides another `{name}`"),
    )
    .here("hides the outer one")
    .help("give one of them another name");
    if outer == span {
        d
    } else {
        d.fact(outer, "the outer one")
    }
}

/// Something nobody uses.
pub fn unused(span: Span, what: &str, name: &str) -> Diagnostic {
    Diagnostic::warning(
        Code("resolve/unused_name"),
        span,
        format!("the {what} `{name}` is never used"),
    )
    .here("never used")
    .help("remove it, or use it")
}

/// A parameter nobody uses.
pub fn unused_param(span: Span, name: &str) -> Diagnostic {
    Diagnostic::warning(
        Code("data/unused_param"),
        span,
        format!("the parameter `{name}` is never used"),
    )
    .here("asked for, and never used")
    .help("remove it, or use it: whoever starts the run is asked for it in vain")
}

/// A variable of a `for` that its block does not speak of.
pub fn unused_variable(span: Span, name: &str) -> Diagnostic {
    Diagnostic::warning(
        Code("data/loop_variable_unused"),
        span,
        format!("the `for` does the same for every `{name}`"),
    )
    .here("nothing in the block speaks of it")
    .help(format!(
        "write `${{{name}}}` where the repetitions differ, or take the `for` away"
    ))
}

/// A library module nobody wrote.
pub fn unknown_module<'a>(
    span: Span,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let d = Diagnostic::error(
        Code("resolve/unknown_module"),
        span,
        format!("the library has no module `{name}`"),
    )
    .here("not in the library");
    let below = format!("std.{name}");
    if known.clone().into_iter().any(|k| k == below) {
        return d
            .help(format!(
                "the names of the library begin with `std`: write `{below}`"
            ))
            .fix(
                format!("write `{below}`"),
                Safety::Safe,
                vec![Edit {
                    span: span.start_point(),
                    replacement: "std.".into(),
                }],
            );
    }
    match did_you_mean(name, known) {
        Some(h) => d.help(h),
        None => d.help("`releasec explain library` lists the modules"),
    }
}

/// A name that a module does not define.
pub fn unknown_item<'a>(
    span: Span,
    name: &str,
    module: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let d = Diagnostic::error(
        Code("resolve/unknown_item"),
        span,
        format!("`{module}` has no `{name}`"),
    )
    .here("not defined there");
    match did_you_mean(name, candidates.iter().copied()) {
        Some(h) => d.help(h),
        None if candidates.is_empty() => d.help("the module defines nothing"),
        None => {
            let list: Vec<_> = candidates.iter().take(12).map(|c| format!("`{c}`")).collect();
            d.help(format!("it has {}", list.join(", ")))
        }
    }
}

/// A name that cannot be imported.
pub fn not_importable(span: Span, name: &str, kind: &str) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/not_importable"),
        span,
        format!("`{name}` is a {kind}, which cannot be imported"),
    )
    .here("stays in its own file")
    .help("define it in this file")
}

/// A `use` that leads back to where it began.
pub fn import_cycle(span: Span, chain: &[String]) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/import_cycle"),
        span,
        "these files use each other in a circle",
    )
    .here("closes the circle")
    .note(chain.join(" uses "))
    .help("move what both need into a third file")
}

/// A path that leaves the project.
pub fn outside_root(span: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/outside_root"),
        span,
        format!("`{path}` leaves the project"),
    )
    .here("not below the project's root")
    .help("keep what a plan uses in its own project: copy the file, or move `releasec.toml` further up")
}

/// A file that cannot be read.
pub fn unreadable(span: Span, path: &str, why: &str) -> Diagnostic {
    let d = Diagnostic::error(
        Code("resolve/unreadable_file"),
        span,
        format!("cannot read `{path}`: {why}"),
    )
    .here("used here");
    // Somebody who knows other languages puts a module of the library in quotes.
    let bare = path.strip_prefix("./").unwrap_or(path);
    let bare = bare.strip_suffix(".release").unwrap_or(bare).replace('/', ".");
    match crate::resolve::stdlib::module(&bare) {
        Some(module) => {
            let name = module.name;
            d.help(format!(
                "`{name}` is a module of the library, which stands without quotes: write `use {name}`"
            ))
            .fix(
                format!("write `{name}` without quotes"),
                Safety::Safe,
                vec![Edit {
                    span,
                    replacement: name.into(),
                }],
            )
        }
        None => d.help("check the path: it is counted from the file that says `use`"),
    }
}

/// A path where a plain relative one is needed.
pub fn bad_path(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code("resolve/bad_path"),
        span,
        format!("this is not a path that `use` can follow: {why}"),
    )
    .here("not a relative path")
    .help("write a relative path with `/`, such as `\"./people.release\"`")
}

/// An output that nothing captures.
pub fn unknown_capture<'a>(
    span: Span,
    name: &str,
    of: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let d = Diagnostic::error(
        Code("resolve/unknown_capture"),
        span,
        format!("`{of}` captures nothing called `{name}`"),
    )
    .here("never captured");
    let d = match did_you_mean(name, known.iter().copied()) {
        Some(h) => d.help(h),
        None => d,
    };
    d.help(format!("capture it in a step: `capture {name}: string`"))
}
