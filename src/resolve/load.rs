//! Follows every `use`, parses what it names, and gathers definitions and bindings.

use crate::diagnostic::Bag;
use crate::resolve::names::{Tree, defined_name};
use crate::resolve::{Binding, Def, Kind, Module, ModuleId, Program, cause, errors, stdlib};
use crate::schema;
use crate::source::hash::Ordered;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{Ast, ExprKind, Stmt, UseDecl, UseSource};
use crate::syntax::parse;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::sync::Arc;

/// How many modules one program may have.
const MODULES: usize = 1_000;
/// How deep modules may use each other.
const DEPTH: usize = 64;

/// A text a loader found.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The path people see, which is also the file's identity.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
}

/// Why a loader found none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// The path leaves the project, through `..` or a symbolic link.
    OutsideRoot,
    /// Anything else, in words: "there is no such file".
    Unreadable(String),
}

/// Hands in the texts of relative imports.
pub trait Loader {
    /// The text of `path`, as written in the file `from` (a path this loader or the driver gave).
    ///
    /// # Errors
    /// When it is outside the project or cannot be read.
    fn load(&self, from: &str, path: &str) -> Result<Loaded, LoadError>;
}

/// Loads a file that is already in the map, and everything it uses.
pub fn load(sources: &mut SourceMap, loader: &dyn Loader, file: FileId) -> (Program, Bag) {
    let mut state = State {
        sources,
        loader,
        modules: Vec::new(),
        by_path: HashMap::new(),
        stack: Vec::new(),
        bag: Bag::new(),
    };
    let path = state.sources.file(file).path.clone();
    let text = Arc::clone(&state.sources.file(file).text);
    let root = stdlib::ahead(&text, || state.module(file, path));
    (
        Program {
            modules: state.modules,
            root,
        },
        state.bag,
    )
}

struct State<'a> {
    sources: &'a mut SourceMap,
    loader: &'a dyn Loader,
    modules: Vec<Module>,
    by_path: HashMap<String, ModuleId>,
    stack: Vec<String>,
    bag: Bag,
}

impl State<'_> {
    /// A file that was read.
    fn module(&mut self, file: FileId, name: String) -> ModuleId {
        let text = Arc::clone(&self.sources.file(file).text);
        let (ast, problems) = parse(file, &text);
        let dropped = dropped_words(self.sources, &problems);
        let (problems, shape) = cause::causes(self.sources, problems, schema::check(&ast, &dropped));
        self.bag.extend(problems);
        self.bag.extend(shape);
        self.parsed(Arc::new(ast), name)
    }

    /// A module whose text was parsed and whose form was checked.
    fn parsed(&mut self, ast: Arc<Ast>, name: String) -> ModuleId {
        self.stack.push(name.clone());
        let bindings = self.bindings(ast.file, ast.items.iter());
        let broken = broken(&ast, &bindings);
        self.stack.pop();
        let defs = self.definitions(&ast, &bindings);
        self.push(Module {
            broken,
            file: ast.file,
            name,
            library: false,
            tree: Tree::Whole(ast),
            defs,
            bindings,
        })
    }

    fn push(&mut self, module: Module) -> ModuleId {
        let id = ModuleId(self.modules.len());
        self.by_path.insert(module.name.clone(), id);
        self.modules.push(module);
        id
    }

    fn definitions(&mut self, ast: &Ast, bindings: &Ordered<SmolStr, Binding>) -> Ordered<SmolStr, Vec<Def>> {
        let mut defs: Ordered<SmolStr, Vec<Def>> = Ordered::default();
        let mut release: Option<Span> = None;
        for (item, stmt) in ast.items.iter().enumerate() {
            let Some(kind) = Kind::of(&stmt.keyword.text) else {
                continue;
            };
            let Some((name, span)) = name_of(stmt) else {
                continue;
            };
            if kind == Kind::Release {
                if release.is_some() {
                    continue; // the structural check has said so
                }
                release = Some(span);
            }
            let list = defs.entry(name.clone()).or_default();
            if let Some(first) = list.iter().find(|d| d.kind == kind) {
                self.bag.push(errors::duplicate(span, first.name, kind, &name));
                continue;
            }
            list.push(Def {
                kind,
                item,
                name: span,
            });
            if let Some(bound) = bindings.get(&name)
                && self.binding_has(bound, kind)
            {
                self.bag.push(errors::duplicate(span, bound.span, kind, &name));
            }
        }
        defs
    }

    fn binding_has(&self, binding: &Binding, kind: Kind) -> bool {
        let Some(item) = &binding.item else { return false };
        self.modules
            .get(binding.module.0)
            .is_some_and(|m| m.def(kind, item).is_some())
    }

    fn bindings<'s>(
        &mut self,
        file: FileId,
        items: impl Iterator<Item = &'s Stmt>,
    ) -> Ordered<SmolStr, Binding> {
        let mut bindings = Ordered::default();
        for stmt in items {
            if let crate::syntax::ast::Form::Use(decl) = &stmt.form {
                self.use_decl(file, decl, &mut bindings);
            }
        }
        bindings
    }

    fn use_decl(&mut self, file: FileId, decl: &UseDecl, bindings: &mut Ordered<SmolStr, Binding>) {
        match &decl.source {
            UseSource::Path(names) => {
                let path: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
                let path = path.join(".");
                let span = names
                    .first()
                    .map_or(decl.span, |n| n.span.to(names[names.len() - 1].span));
                let last = names.last().map_or_else(SmolStr::default, |n| n.text.clone());
                self.use_library(decl, &path, span, &last, bindings);
            }
            UseSource::File(expr) => {
                let ExprKind::Str(lit) = &expr.kind else { return };
                let Some(path) = lit.plain() else {
                    self.bag
                        .push(errors::bad_path(expr.span, "it holds an interpolation"));
                    return;
                };
                if let Some(id) = self.use_file(file, path, expr.span) {
                    let stem = path.rsplit('/').next().unwrap_or(path);
                    let stem = SmolStr::new(stem.strip_suffix(".release").unwrap_or(stem));
                    self.bind(decl, id, expr.span, &stem, bindings);
                }
            }
        }
    }

    fn use_library(
        &mut self,
        decl: &UseDecl,
        path: &str,
        span: Span,
        last: &SmolStr,
        bindings: &mut Ordered<SmolStr, Binding>,
    ) {
        let whole = stdlib::module(path);
        let Some(items) = &decl.items else {
            match whole {
                Some(m) => {
                    if let Some(id) = self.library(m, span) {
                        self.bind(decl, id, span, last, bindings);
                    }
                }
                None => self.bag.push(errors::unknown_module(
                    span,
                    path,
                    stdlib::LIBRARY.iter().map(|m| m.name),
                )),
            }
            return;
        };
        let prefix = format!("{path}.");
        let below: Vec<&str> = stdlib::LIBRARY
            .iter()
            .filter_map(|m| m.name.strip_prefix(prefix.as_str()))
            .filter(|n| !n.contains('.'))
            .collect();
        if whole.is_none() && below.is_empty() {
            self.bag.push(errors::unknown_module(
                span,
                path,
                stdlib::LIBRARY.iter().map(|m| m.name),
            ));
            return;
        }
        for item in items {
            let bound = item.alias.as_ref().unwrap_or(&item.name);
            if let Some(m) = stdlib::module(&format!("{prefix}{}", item.name.text)) {
                if let Some(id) = self.library(m, item.name.span) {
                    self.add(
                        bindings,
                        bound.text.clone(),
                        Binding {
                            span: bound.span,
                            module: id,
                            item: None,
                        },
                    );
                }
                continue;
            }
            let id = match whole {
                Some(m) => self.library(m, span),
                None => None,
            };
            match id {
                Some(id) => self.bind_item(id, item, bindings),
                None => {
                    self.bag.push(errors::unknown_item(
                        item.name.span,
                        &item.name.text,
                        path,
                        below.iter().copied(),
                    ));
                }
            }
        }
    }

    fn library(&mut self, module: &'static stdlib::LibraryModule, span: Span) -> Option<ModuleId> {
        if let Some(id) = self.by_path.get(module.name) {
            return Some(*id);
        }
        if self.circle(module.name, span) {
            return None;
        }
        let shelf = stdlib::shelf(module);
        let file = self.sources.add_library(shelf.number, Arc::clone(&shelf.file));
        let pieces = || shelf.pieces.iter().enumerate();
        let uses = pieces().filter(|(_, p)| p.keyword == "use");
        self.stack.push(module.name.to_string());
        let bindings = self.bindings(file, uses.map(|(i, _)| shelf.stmt(i)));
        self.stack.pop();
        let mut defs: Ordered<SmolStr, Vec<Def>> = Ordered::default();
        for (item, piece) in pieces() {
            let Some(kind) = Kind::of(piece.keyword) else {
                continue;
            };
            defs.entry(SmolStr::new_static(piece.name))
                .or_default()
                .push(Def {
                    kind,
                    item,
                    name: Span::new(file, piece.at, piece.at + piece.name.len()),
                });
        }
        Some(self.push(Module {
            broken: std::collections::BTreeSet::new(),
            file,
            name: module.name.to_string(),
            library: true,
            tree: Tree::Library(shelf),
            defs,
            bindings,
        }))
    }

    fn use_file(&mut self, from: FileId, path: &str, span: Span) -> Option<ModuleId> {
        if path.is_empty()
            || path.starts_with('/')
            || path.contains('\\')
            || path.contains('\0')
            || path.contains(':')
        {
            self.bag.push(errors::bad_path(
                span,
                "it must be relative, with `/` between its parts",
            ));
            return None;
        }
        if self.modules.len() >= MODULES || self.stack.len() >= DEPTH {
            self.bag
                .push(errors::unreadable(span, path, "too many files use each other"));
            return None;
        }
        let from = self.sources.file(from).path.clone();
        match self.loader.load(&from, path) {
            Ok(found) => {
                if let Some(id) = self.by_path.get(&found.path) {
                    return Some(*id);
                }
                if self.circle(&found.path, span) {
                    return None;
                }
                let file = self.sources.add(found.path.clone(), found.text);
                Some(self.module(file, found.path))
            }
            Err(LoadError::OutsideRoot) => {
                self.bag.push(errors::outside_root(span, path));
                None
            }
            Err(LoadError::Unreadable(why)) => {
                self.bag.push(errors::unreadable(span, path, &why));
                None
            }
        }
    }

    fn circle(&mut self, name: &str, span: Span) -> bool {
        let Some(start) = self.stack.iter().position(|s| s == name) else {
            return false;
        };
        let mut chain: Vec<String> = self.stack[start..].iter().map(|s| format!("`{s}`")).collect();
        chain.push(format!("`{name}`"));
        self.bag.push(errors::import_cycle(span, &chain));
        true
    }

    fn bind(
        &mut self,
        decl: &UseDecl,
        id: ModuleId,
        span: Span,
        name: &SmolStr,
        bindings: &mut Ordered<SmolStr, Binding>,
    ) {
        match &decl.items {
            None => {
                let (name, span) = decl
                    .alias
                    .as_ref()
                    .map_or((name.clone(), span), |a| (a.text.clone(), a.span));
                self.add(
                    bindings,
                    name,
                    Binding {
                        span,
                        module: id,
                        item: None,
                    },
                );
            }
            Some(items) => items.iter().for_each(|item| self.bind_item(id, item, bindings)),
        }
    }

    fn bind_item(
        &mut self,
        id: ModuleId,
        item: &crate::syntax::ast::UseItem,
        bindings: &mut Ordered<SmolStr, Binding>,
    ) {
        let module = &self.modules[id.0];
        let bound = item.alias.as_ref().unwrap_or(&item.name);
        let Some(defs) = module.defs.get(&item.name.text) else {
            let names: Vec<&str> = module.defs.keys().map(SmolStr::as_str).collect();
            let d = errors::unknown_item(item.name.span, &item.name.text, &module.name, names);
            self.bag.push(d);
            return;
        };
        let stays = |d: &Def| {
            let keyword = module.stmt(d).keyword.text.as_str();
            if keyword == "param" || keyword == "release" {
                Some(keyword.to_string())
            } else {
                None
            }
        };
        if defs.iter().all(|d| stays(d).is_some()) {
            let kind = defs.iter().find_map(stays).unwrap_or_default();
            let d = errors::not_importable(item.name.span, &item.name.text, &kind);
            self.bag.push(d);
            return;
        }
        let binding = Binding {
            span: bound.span,
            module: id,
            item: Some(item.name.text.clone()),
        };
        self.add(bindings, bound.text.clone(), binding);
    }

    fn add(&mut self, bindings: &mut Ordered<SmolStr, Binding>, name: SmolStr, binding: Binding) {
        if let Some(first) = bindings.get(&name) {
            self.bag.push(
                crate::diagnostic::Diagnostic::error(
                    crate::diagnostic::Code("resolve/duplicate_name"),
                    binding.span,
                    format!("`{name}` is brought in twice"),
                )
                .here("brought in again here")
                .fact(first.span, "first brought in here")
                .help("rename one of them with `as`"),
            );
            return;
        }
        bindings.insert(name, binding);
    }
}

fn name_of(stmt: &Stmt) -> Option<(SmolStr, Span)> {
    if let Some(name) = defined_name(stmt) {
        return Some((name.text.clone(), name.span));
    }
    match stmt.args().first().map(|a| (&a.kind, a.span)) {
        Some((ExprKind::Ident(name), span)) => Some((name.clone(), span)),
        _ => None,
    }
}

/// The first words of the lines that hold a mistake in form: statements that were written but are not in the tree.
fn dropped_words(sources: &SourceMap, problems: &Bag) -> Vec<(Span, String)> {
    problems
        .iter()
        .map(|d| {
            let file = sources.file(d.span.file);
            let line = file.line(file.line_col(d.span.start).line);
            let before = &file.text[..(d.span.start as usize).min(file.text.len())];
            let after_separator = before.rsplit(['\n', ';', '{']).next().unwrap_or("");
            let text = if after_separator.trim().is_empty() {
                line
            } else {
                after_separator
            };
            let word: String = text
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            (d.span, word)
        })
        .collect()
}

/// The names that the statements of `use` would bind and did not.
fn broken(ast: &Ast, bindings: &Ordered<SmolStr, Binding>) -> std::collections::BTreeSet<SmolStr> {
    let mut names = std::collections::BTreeSet::new();
    for stmt in &ast.items {
        let crate::syntax::ast::Form::Use(decl) = &stmt.form else {
            continue;
        };
        match (&decl.items, &decl.alias, &decl.source) {
            (Some(items), ..) => {
                names.extend(
                    items
                        .iter()
                        .map(|i| i.alias.as_ref().unwrap_or(&i.name).text.clone()),
                );
            }
            (None, Some(alias), _) => {
                names.insert(alias.text.clone());
            }
            (None, None, UseSource::Path(path)) => names.extend(path.last().map(|n| n.text.clone())),
            (None, None, UseSource::File(expr)) => {
                if let ExprKind::Str(lit) = &expr.kind {
                    let path = lit.plain().unwrap_or("");
                    let stem = path.rsplit('/').next().unwrap_or(path);
                    names.insert(SmolStr::new(stem.strip_suffix(".release").unwrap_or(stem)));
                }
            }
        }
    }
    names.retain(|n| !bindings.contains_key(n));
    names
}
