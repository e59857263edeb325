//! The library, embedded: one line for each module of `stdlib/`.
//!
//! `tests/library.rs` holds that every file of `stdlib/` has its line.

use crate::source::{FileId, SourceFile};
use crate::syntax::ast::Stmt;
use crate::syntax::parse_piece;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A module of the library.
#[derive(Debug, Clone, Copy)]
pub struct LibraryModule {
    /// `std.aws.lambda`
    pub name: &'static str,
    /// The path people see: `std/aws/lambda.release`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! library {
    ($($name:literal => $path:literal),* $(,)?) => {
        /// Every module, in the order of their names.
        pub const LIBRARY: &[LibraryModule] = &[
            $(LibraryModule { name: $name, path: $path, text: include_str!(concat!("../../stdlib/", $path)) }),*
        ];
    };
}

library! {
    "std.aws.api_gateway" => "std/aws/api_gateway.release",
    "std.aws.app_config" => "std/aws/app_config.release",
    "std.aws.cloudwatch" => "std/aws/cloudwatch.release",
    "std.aws.ecs" => "std/aws/ecs.release",
    "std.aws.end_user_messaging" => "std/aws/end_user_messaging.release",
    "std.aws.lambda" => "std/aws/lambda.release",
    "std.aws.pinpoint" => "std/aws/pinpoint.release",
    "std.comms.email" => "std/comms/email.release",
    "std.comms.pagerduty" => "std/comms/pagerduty.release",
    "std.comms.slack" => "std/comms/slack.release",
    "std.comms.statuspage" => "std/comms/statuspage.release",
    "std.database" => "std/database.release",
    "std.github.branch" => "std/github/branch.release",
    "std.launch_darkly" => "std/launch_darkly.release",
    "std.mobile.app_store" => "std/mobile/app_store.release",
    "std.mobile.google_play" => "std/mobile/google_play.release",
    "std.policy" => "std/policy.release",
    "std.rollout" => "std/rollout.release",
    "std.sentry" => "std/sentry.release",
    "std.terraform" => "std/terraform.release",
}

/// The module of a name, `std.aws.lambda`.
pub fn module(name: &str) -> Option<&'static LibraryModule> {
    LIBRARY.iter().find(|m| m.name == name)
}

/// The full name of the module that a plan calls by its last word: `std.database` of `database`.
pub fn called(name: &str) -> Option<&'static str> {
    let last = |m: &&LibraryModule| m.name.rsplit('.').next() == Some(name);
    LIBRARY.iter().find(last).map(|m| m.name)
}

/// A definition of a module, of which only the beginning was read so far.
#[derive(Debug)]
pub struct Piece {
    /// Its first word.
    pub keyword: &'static str,
    /// Its name; empty for a `use`.
    pub name: &'static str,
    /// The first byte of the name in the text.
    pub at: usize,
    /// Where it stands in the text, with its documentation.
    range: Range<usize>,
    stmt: OnceLock<Stmt>,
}

/// A module, read once for the whole process: its text never changes. Plans use a few definitions of each, so these are parsed
/// when they are wanted.
#[derive(Debug)]
pub struct Shelf {
    /// Its place in [`LIBRARY`].
    pub number: usize,
    /// Its text with its lines.
    pub file: Arc<SourceFile>,
    /// Its definitions, in order.
    pub pieces: Vec<Piece>,
}

impl Shelf {
    /// The statement of a definition, parsed at the first call.
    pub fn stmt(&self, piece: usize) -> &Stmt {
        let piece = &self.pieces[piece];
        piece.stmt.get_or_init(|| {
            let file = FileId::of_library(self.number);
            let mut items = parse_piece(file, LIBRARY[self.number].text, piece.range.clone());
            items
                .pop()
                .expect("internal: a test parses every piece of the library")
        })
    }
}

static SHELVES: [OnceLock<Shelf>; LIBRARY.len()] = [const { OnceLock::new() }; LIBRARY.len()];

/// A module, found at the first call.
pub fn shelf(module: &LibraryModule) -> &'static Shelf {
    let number = LIBRARY
        .iter()
        .position(|m| m.name == module.name)
        .expect("internal: every module is listed");
    SHELVES[number].get_or_init(|| Shelf {
        number,
        file: Arc::new(SourceFile::of_library(module.path, module.text)),
        pieces: pieces(module.text),
    })
}

/// Where the definitions of a module stand: each begins at the start of a line, under its documentation, and everything in it is
/// indented or closes a brace. `tests/library.rs` holds that a parser finds the same.
fn pieces(text: &'static str) -> Vec<Piece> {
    let mut list: Vec<Piece> = Vec::new();
    // The first line of the comments right above the line that is looked at.
    let mut comments: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match line.as_bytes()[0] {
            b'#' => comments = comments.or(Some(start)),
            b'a'..=b'z' => {
                let keyword = word(line);
                let rest = line[keyword.len()..].trim_start();
                let name = word(rest);
                let begin = comments.take().unwrap_or(start);
                if let Some(last) = list.last_mut() {
                    last.range.end = begin;
                }
                list.push(Piece {
                    keyword,
                    name: if keyword == "use" { "" } else { name },
                    at: start + line.len() - rest.len(),
                    range: begin..text.len(),
                    stmt: OnceLock::new(),
                });
            }
            _ => comments = None,
        }
    }
    list
}

/// The word a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The definitions that a text seems to use and that were not parsed yet. A guess, from the names that stand in it: too many or too
/// few costs time and nothing else.
fn guess(text: &str) -> Vec<(&'static Shelf, usize)> {
    let mut list = Vec::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("use std.") else {
            continue;
        };
        let path = rest.split([' ', '{']).next().unwrap_or(rest);
        let group = rest.get(path.len()..).unwrap_or("");
        for module in LIBRARY {
            let Some(tail) = module
                .name
                .strip_prefix("std.")
                .and_then(|n| n.strip_prefix(path))
            else {
                continue;
            };
            let named = tail.is_empty() || tail.strip_prefix('.').is_some_and(|last| group.contains(last));
            if named {
                let shelf = shelf(module);
                let wanted =
                    shelf.pieces.iter().enumerate().filter(|(_, p)| {
                        p.stmt.get().is_none() && p.keyword != "use" && text.contains(p.name)
                    });
                list.extend(wanted.map(|(i, _)| (shelf, i)));
            }
        }
    }
    list
}

/// Parses the definitions that a text seems to use on a thread of its own while `f` runs, the last first, so that the two meet in
/// the middle.
pub fn ahead<T>(text: &str, f: impl FnOnce() -> T) -> T {
    if !text.contains("use std.") {
        return f();
    }
    std::thread::scope(|scope| {
        // Without a thread everything is parsed when it is wanted.
        let _ = std::thread::Builder::new().spawn_scoped(scope, || {
            for (shelf, piece) in guess(text).into_iter().rev() {
                shelf.stmt(piece);
            }
        });
        f()
    })
}
