//! The library, embedded: one line for each module of `stdlib/`.
//!
//! `tests/library.rs` holds that every file of `stdlib/` has its line.

use crate::diagnostic::Bag;
use crate::schema;
use crate::source::{FileId, SourceFile};
use crate::syntax::ast::Ast;
use crate::syntax::parse;
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

/// A module as it was read, once for the whole process: its texts never change.
#[derive(Debug)]
pub struct Read {
    /// Its place in [`LIBRARY`].
    pub number: usize,
    /// Its text with its lines.
    pub file: Arc<SourceFile>,
    /// Its tree.
    pub ast: Arc<Ast>,
    /// What is wrong with its form, which is nothing (a test holds that).
    pub bag: Bag,
}

static READ: [OnceLock<Read>; LIBRARY.len()] = [const { OnceLock::new() }; LIBRARY.len()];

/// A module's tree, read at the first call.
pub fn read(module: &LibraryModule) -> &'static Read {
    let number = LIBRARY
        .iter()
        .position(|m| m.name == module.name)
        .expect("internal: every module is listed");
    READ[number].get_or_init(|| {
        let (ast, mut bag) = parse(FileId::of_library(number), module.text);
        bag.extend(schema::check(&ast, &[]));
        Read {
            number,
            file: Arc::new(SourceFile::of_library(module.path, module.text)),
            ast: Arc::new(ast),
            bag,
        }
    })
}

/// The modules that a text seems to use and that were not read yet, those that they use among them, in the order in which they will
/// be wanted. A guess, from the lines that begin with `use std.`: too many or too few costs time and nothing else.
fn guess(text: &str, into: &mut Vec<&'static LibraryModule>) {
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("use std.") else {
            continue;
        };
        let path = rest.split([' ', '{']).next().unwrap_or(rest);
        let group = rest.get(path.len()..).unwrap_or("");
        for (number, module) in LIBRARY.iter().enumerate() {
            let Some(tail) = module
                .name
                .strip_prefix("std.")
                .and_then(|n| n.strip_prefix(path))
            else {
                continue;
            };
            let named = tail.is_empty() || tail.strip_prefix('.').is_some_and(|last| group.contains(last));
            if named && READ[number].get().is_none() && into.iter().all(|m| m.name != module.name) {
                guess(module.text, into);
                into.push(module);
            }
        }
    }
}

/// Reads the modules that a text seems to use on a thread of its own while `f` runs, the last first, so that the two meet in the middle.
pub fn ahead<T>(text: &str, f: impl FnOnce() -> T) -> T {
    let mut wanted = Vec::new();
    guess(text, &mut wanted);
    if wanted.is_empty() {
        return f();
    }
    std::thread::scope(|scope| {
        // Without a thread everything is read when it is wanted.
        let _ = std::thread::Builder::new().spawn_scoped(scope, || {
            for module in wanted.iter().rev() {
                read(module);
            }
        });
        f()
    })
}
