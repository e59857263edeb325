//! Shell commands: text put into a command is data.
//!
//! A constant is quoted for its place; a value only the run knows travels as an environment variable that is expanded inside
//! double quotes. No value can add a word or a command.

use crate::eval::call::func_name;
use crate::eval::convert::variable;
use crate::eval::lower::{Lower, all, arg};
use crate::eval::scope::ScopeId;
use crate::eval::shell::{Place, Reader};
use crate::model::{Channel, Command, EnvVar, Metric, Sym, Text, TextPart, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Stmt, StrPart};
use crate::types::{errors, value_words};
use smol_str::SmolStr;

struct Writer {
    reader: Reader,
    script: String,
    display: String,
    paste: String,
    env: Vec<EnvVar>,
    /// Variables that begin a word: they are refused at run time when they begin with `-`.
    guarded: Vec<SmolStr>,
    /// Where the definition that holds the command is used.
    used: Option<Span>,
}

impl<'a> Lower<'a> {
    /// The command of a statement `run "…" { … }`.
    pub(crate) fn command(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Option<Command> {
        self.command_of(stmt.args().first()?, stmt.children(), scope)
    }

    /// The command a text states, with the statements of its block.
    pub(crate) fn command_of(
        &mut self,
        expr: &'a Expr,
        items: &'a [Stmt],
        scope: ScopeId,
    ) -> Option<Command> {
        let mut command = self.bare_command(expr, scope)?;
        command.folder = self.text_of(items, "folder", scope);
        let mut prepared = Writer::new();
        if let Some(folder) = &command.folder {
            self.prepare(&mut prepared, "cd ", folder);
        }
        for s in all(items, "env") {
            let [name, value] = s.args() else { continue };
            let (Some(name_text), Some(value)) = (
                self.known_text(name, "the name of a variable", scope),
                self.eval(value, scope),
            ) else {
                continue;
            };
            if !variable(&name_text) {
                let why = "it holds capitals, digits and `_`, and begins with a letter";
                self.report(errors::literal(name.span, "the name of a variable", why));
                continue;
            }
            if ["RELEASEC_", "GITHUB_", "RUNNER_", "ACTIONS_"]
                .iter()
                .any(|p| name_text.starts_with(p))
            {
                let why = "names that begin like this belong to what runs the command";
                self.report(errors::literal(name.span, "the name of a variable", why));
                continue;
            }
            let Some(text) = self.shown(&value) else {
                let found = value_words(&self.r, &value);
                self.report(errors::mismatch(
                    s.span,
                    "a value with a text",
                    &format!("it is {found}"),
                ));
                continue;
            };
            self.prepare(&mut prepared, &format!("export {name_text}="), &text);
            command.env.push(EnvVar {
                name: SmolStr::new(name_text),
                value: Value::Text(text),
            });
        }
        command.paste = Command::pasted(&prepared.paste, &command.paste);
        if let Some(e) = arg(items, "prints") {
            command.prints = self.regex(e, scope).map(|r| (r, e.span));
        }
        Some(command)
    }

    /// A line before a pasted command: `start` and a word.
    fn prepare(&self, w: &mut Writer, start: &str, text: &Text) {
        w.literal(start);
        if text.parts.is_empty() {
            w.constant("");
        }
        for part in &text.parts {
            match part {
                TextPart::Lit(t) => w.constant(t),
                TextPart::Sym(s) => w.symbol(s, &self.sym_name(s)),
            }
        }
        w.literal("\n");
    }

    /// The command a text states, as it is pasted without anything around it.
    fn bare_command(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Command> {
        let mut w = Writer::new();
        w.used = self.called_from(scope);
        let mut sound = true;
        if let ExprKind::Str(lit) = &expr.kind {
            for part in &lit.parts {
                match part {
                    StrPart::Text { text, span } => {
                        if text.contains('\0') {
                            self.report(errors::literal(*span, "a command", "it holds a NUL"));
                            return None;
                        }
                        w.literal(text);
                    }
                    StrPart::Interpolation(e) => match self.eval(e, scope) {
                        Some(v) => sound &= self.fill(&mut w, e.span, v, expr.span),
                        None => sound = false,
                    },
                }
            }
        } else {
            let text = self.known_text(expr, "a command", scope)?;
            w.literal(&text);
        }
        if sound && w.env.is_empty() && w.script.trim().is_empty() {
            self.report(errors::empty(expr.span, "the command"));
        }
        if !sound {
            return None;
        }
        let mut script = String::new();
        for name in &w.guarded {
            script.push_str(&format!(
                "case \"${{{name}}}\" in -*) echo \"{name} begins with a dash: refused\" >&2; exit 64 ;; esac\n"
            ));
        }
        script.push_str(&w.script);
        Some(Command {
            script,
            display: w.display,
            paste: w.paste,
            env: w.env,
            folder: None,
            prints: None,
            span: expr.span,
            origin: self.origin(expr.span, scope),
        })
    }

    /// Puts a value where the writer stands.
    fn fill(&mut self, w: &mut Writer, span: Span, value: Value, command: Span) -> bool {
        let place = w.reader.place();
        if place == Place::Single {
            self.report(errors::quoted_interpolation(span, command));
            return false;
        }
        if let Value::List(items) = &value {
            if !matches!(place, Place::Bare { .. }) {
                self.report(errors::mismatch(
                    span,
                    "one value",
                    "a list becomes one word for each of its items: put it outside quotes",
                ));
                return false;
            }
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    w.literal(" ");
                }
                let Some(text) = self.shown(item) else {
                    self.report(errors::mismatch(
                        span,
                        "a list of simple values",
                        "it is another list",
                    ));
                    return false;
                };
                if !self.fill_text(w, span, &text) {
                    return false;
                }
            }
            return true;
        }
        if let Value::Sym(s) = &value
            && matches!(
                crate::types::sym_type(&self.r, s),
                Some(crate::model::ParamType::List(_))
            )
        {
            self.report(errors::not_known(span, "a list in a command"));
            return false;
        }
        let Some(text) = self.shown(&value) else {
            let found = value_words(&self.r, &value);
            self.report(errors::mismatch(
                span,
                "a value with a text",
                &format!("it is {found}"),
            ));
            return false;
        };
        self.fill_text(w, span, &text)
    }

    fn fill_text(&mut self, w: &mut Writer, span: Span, text: &Text) -> bool {
        if text.parts.is_empty() {
            w.constant("");
        }
        for part in &text.parts {
            match part {
                TextPart::Lit(t) => {
                    if t.contains('\0') {
                        let finding = errors::literal(span, "a value in a command", "it holds a NUL");
                        self.report(match w.used {
                            Some(used) => finding.fact(used, "comes from here"),
                            None => finding,
                        });
                        return false;
                    }
                    if t.starts_with('-') && w.begins_word() {
                        self.report(errors::option_like(span, t, w.used));
                        return false;
                    }
                    w.constant(t);
                }
                TextPart::Sym(s) => {
                    let shown = self.sym_name(s);
                    w.symbol(s, &shown);
                }
            }
        }
        true
    }

    /// What people call a value that only the run knows.
    pub(crate) fn sym_name(&self, sym: &Sym) -> String {
        match sym {
            Sym::Param(p) => self.r.param(*p).name.to_string(),
            Sym::Capture(Channel::MESSAGE) => "message".into(),
            Sym::Capture(Metric::OVER) => "over".into(),
            Sym::Capture(c) => match self.r.captures.get(c.index()) {
                Some(capture) => match capture.source {
                    crate::model::CaptureSource::Stage(s) => match self.r.stages.get(s.index()) {
                        Some(stage) => format!("{}.{}", stage.name, capture.name),
                        None => capture.name.to_string(),
                    },
                    crate::model::CaptureSource::Hold(h) => match self.r.holds.get(h.index()) {
                        Some(hold) => format!("{}.{}", hold.name, capture.name),
                        None => capture.name.to_string(),
                    },
                    _ => capture.name.to_string(),
                },
                None => "output".into(),
            },
            Sym::Prior(p) => format!("prior {}", self.r.prior(*p).name),
            Sym::Attempt => "attempt".into(),
            Sym::Call(f, args) => {
                let inner = args
                    .first()
                    .and_then(|v| v.syms().first().map(|s| self.sym_name(s)));
                format!("{}({})", func_name(*f), inner.unwrap_or_default())
            }
            Sym::If(_, a, b) => {
                let of = |v: &Value| match v.syms().first() {
                    Some(s) => self.sym_name(s),
                    None => crate::eval::text::shown(v)
                        .and_then(|t| t.known().map(str::to_string))
                        .unwrap_or_default(),
                };
                format!("{} or {}", of(a), of(b))
            }
            Sym::Op(_, a, b) => {
                let of = |v: &Value| v.syms().first().map(|s| self.sym_name(s));
                of(a).or_else(|| of(b)).unwrap_or_default()
            }
        }
    }
}

impl Writer {
    fn new() -> Self {
        Writer {
            reader: Reader::new(),
            script: String::new(),
            display: String::new(),
            paste: String::new(),
            env: Vec::new(),
            guarded: Vec::new(),
            used: None,
        }
    }

    fn literal(&mut self, text: &str) {
        self.reader.read(text);
        self.script.push_str(text);
        self.display.push_str(text);
        self.paste.push_str(text);
    }

    fn begins_word(&self) -> bool {
        matches!(
            self.reader.place(),
            Place::Bare { word_start: true } | Place::Double { word_start: true }
        )
    }

    /// What a text is in a command that is pasted, quoted for its place.
    fn typed(&self, text: &str) -> String {
        match self.reader.place() {
            Place::Bare { .. } => match shlex::try_quote(text) {
                Ok(q) => q.into_owned(),
                Err(_) => "''".into(),
            },
            Place::Double { .. } => escaped(text),
            Place::HereDoc => {
                let end = self.reader.here_word().unwrap_or_default();
                let lines: Vec<String> = text
                    .split('\n')
                    .map(|line| {
                        // Nothing, put where the line would end the here-document.
                        let ends = line.trim_start_matches('\t') == end;
                        let line = line.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`");
                        if ends { format!("$(){line}") } else { line }
                    })
                    .collect();
                lines.join("\n")
            }
            Place::Comment => text.replace(['\n', '\r'], " "),
            Place::Single => String::new(),
        }
    }

    fn constant(&mut self, text: &str) {
        let typed = self.typed(text);
        self.paste.push_str(&typed);
        match self.reader.place() {
            Place::Bare { .. } | Place::Double { .. } => self.script.push_str(&typed),
            // A constant that reads like the end of the here-document would end it: it travels as a variable too.
            Place::HereDoc => {
                let name = self.variable(Value::Text(Text::lit(text)), "text");
                self.script.push_str(&format!("${{{name}}}"));
            }
            Place::Comment => self.script.push_str(&typed),
            Place::Single => {}
        }
        self.display.push_str(text);
        if !text.is_empty() || matches!(self.reader.place(), Place::Bare { .. }) {
            self.reader.filled();
        }
    }

    fn symbol(&mut self, sym: &Sym, shown: &str) {
        let marked = format!("‹{shown}›");
        self.display.push_str(&marked);
        let typed = self.typed(&marked);
        self.paste.push_str(&typed);
        if self.reader.place() == Place::Comment {
            self.script.push_str("(a value of the run)");
            return;
        }
        let name = self.variable(Value::Sym(sym.clone()), shown);
        if self.begins_word() && !self.guarded.contains(&name) && !number(sym) {
            self.guarded.push(name.clone());
        }
        match self.reader.place() {
            Place::Bare { .. } => self.script.push_str(&format!("\"${{{name}}}\"")),
            _ => self.script.push_str(&format!("${{{name}}}")),
        }
        self.reader.filled();
    }

    fn variable(&mut self, value: Value, shown: &str) -> SmolStr {
        // What a channel and a metric are handed stands in the environment already.
        match &value {
            Value::Sym(Sym::Capture(Channel::MESSAGE)) => return SmolStr::new_static(Channel::MESSAGE_VAR),
            Value::Sym(Sym::Capture(Metric::OVER)) => return SmolStr::new_static(Metric::OVER_VAR),
            _ => {}
        }
        if let Some(known) = self.env.iter().find(|e| e.value == value) {
            return known.name.clone();
        }
        let mut base = String::from("RELEASEC");
        for piece in shown
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|p| !p.is_empty())
            .take(6)
        {
            base.push('_');
            base.push_str(&piece.to_ascii_uppercase());
        }
        let mut name = SmolStr::new(&base);
        let mut n = 2;
        let reserved = |name: &str| {
            ["RELEASEC", Metric::OVER_VAR, Channel::MESSAGE_VAR].contains(&name) || Command::reserves(name)
        };
        while reserved(&name) || self.env.iter().any(|e| e.name == name) {
            name = SmolStr::new(format!("{base}_{n}"));
            n += 1;
        }
        self.env.push(EnvVar {
            name: name.clone(),
            value,
        });
        name
    }
}

/// Whether a symbolic value is a number that is never negative by its own nature.
fn number(sym: &Sym) -> bool {
    matches!(
        sym,
        Sym::Attempt
            | Sym::Capture(Metric::OVER)
            | Sym::Call(crate::model::Func::Fraction | crate::model::Func::Len, _)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '$' | '`' | '"') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
