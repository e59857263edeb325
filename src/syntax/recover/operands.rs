//! The walk inside a statement: values, operators, commas, colons and equals signs, each with what stood before it.
//!
//! Called token by token by the walk over a statement.

use super::lints::Walk;
use super::words::{
    has_own_form, is_definition, is_literal, is_lower, is_operator_mark, is_operator_word, number_advice,
    snake, unit,
};
use crate::syntax::errors::expressions as errors;
use crate::syntax::errors::{characters, statements};
use crate::syntax::scan::Kind;

/// What stood before a token, in the same brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prev {
    /// Nothing.
    Start,
    /// The last token of a value.
    Value(usize),
    /// An operator that waits for a value.
    Operator(usize),
    /// A comma.
    Comma(usize),
    /// A colon or an equals sign that waits for a value.
    Mark,
}

/// A bracket, a string or an interpolation, or the statement itself.
pub(super) struct Frame {
    /// `(`, `[`, `{`, `"`, `$`, or a space for the statement.
    kind: u8,
    pub(super) prev: Prev,
    /// The first token of the value that is being walked over.
    item: Option<usize>,
    /// An `if` without its `else`.
    condition: Option<usize>,
    /// Whether a colon was seen since the last comma.
    colon: bool,
    /// The token that opened it.
    open: usize,
}

impl Frame {
    pub(super) fn new(kind: u8) -> Self {
        Frame {
            kind,
            prev: Prev::Start,
            item: None,
            condition: None,
            colon: false,
            open: 0,
        }
    }
}

impl Walk<'_, '_> {
    fn frame(&mut self) -> &mut Frame {
        self.frames
            .last_mut()
            .expect("internal: the statement itself is always there")
    }

    fn open(&mut self, kind: u8, at: usize) {
        self.frames.push(Frame {
            open: at,
            ..Frame::new(kind)
        });
    }

    /// Leaves the innermost bracket, string or interpolation; what it made is a value that ends at `at`.
    fn leave(&mut self, at: usize) {
        if self.frames.len() > 1 {
            self.frames.pop();
        }
        self.frame().prev = Prev::Value(at);
    }

    /// Looks at one token; the next one to look at comes back.
    pub(super) fn token(&mut self, i: usize) -> usize {
        let Some(kind) = self.all.kind(i) else {
            return i + 1;
        };
        if self.frame().kind == b'"' {
            match kind {
                Kind::Hole => self.open(b'$', i),
                Kind::Unquote => self.leave(i),
                _ => {}
            }
            return i + 1;
        }
        match kind {
            Kind::Newline | Kind::Comment | Kind::Escape => {}
            Kind::Unquote => {
                // The string ended although something in it was still open.
                while self.frame().kind != b'"' && self.frames.len() > 1 {
                    self.frames.pop();
                }
                self.leave(i);
            }
            Kind::HoleEnd => {
                self.close_frame(i);
                while self.frame().kind != b'$' && self.frames.len() > 1 {
                    self.frames.pop();
                }
                self.frames.pop();
                if self.frames.is_empty() {
                    self.frames.push(Frame::new(b' '));
                }
            }
            Kind::Quote => {
                self.value(i);
                self.open(b'"', i);
            }
            Kind::Text => {
                self.value(i);
                self.frame().prev = Prev::Value(i);
            }
            Kind::Hole => self.open(b'$', i),
            Kind::Open => self.bracket(i),
            Kind::Close => {
                self.close_frame(i);
                self.leave(i);
            }
            Kind::Stray => return self.stray_or_percent(i),
            Kind::Figure => return self.figure(i),
            Kind::Word => return self.a_word(i),
            Kind::Punct => return self.mark(i),
        }
        i + 1
    }

    /// A value begins: it must not stand beside another.
    fn value(&mut self, i: usize) {
        let frame = self.frame();
        frame.item.get_or_insert(i);
        if let Prev::Value(before) = frame.prev {
            self.beside(before, i);
        }
    }

    fn beside(&mut self, before: usize, i: usize) {
        let end = self.all.tokens[before].end;
        let top = self.frames.len() == 1;
        let span = self.all.span(i);
        match self.word() {
            "use" => return self.quiet(),
            // `undo run "…"` and `undo manual "…"` are the values of a word and a text.
            "undo"
                if top && before == self.keyword + 1 && matches!(self.all.str(before), "run" | "manual") =>
            {
                return;
            }
            "let" if top => {
                if !self.side_by_side {
                    self.found.push(statements::malformed_let(span));
                }
                self.insert(end, " =");
            }
            "param" | "capture" if top => {
                if !self.side_by_side {
                    let param = self.word() == "param";
                    let found = if param {
                        statements::malformed_param(span)
                    } else {
                        statements::malformed_capture(span)
                    };
                    self.found.push(found);
                }
                self.insert(end, ":");
            }
            _ if !top && self.defines() => {
                if !self.side_by_side {
                    self.found.push(statements::malformed_param(span));
                }
                self.insert(end, ":");
            }
            _ => {
                if !self.side_by_side {
                    let words =
                        self.all.kind(before) == Some(Kind::Word) && self.all.kind(i) == Some(Kind::Word);
                    let text = self.all.str(i);
                    self.found
                        .push(errors::missing_comma(span, text, self.all.span(before), words));
                }
                self.insert(end, ",");
            }
        }
        self.side_by_side = true;
    }

    /// Whether the walk is among the parameters of a definition.
    fn defines(&self) -> bool {
        self.frames.len() == 2
            && self.head.block.is_some()
            && self.frames[1].kind == b'('
            && self.frames[1].open == self.keyword + 2
            && !self.frames[1].colon
            && is_definition(self.word())
    }

    fn quiet(&mut self) {
        self.silent = true;
    }

    fn bracket(&mut self, i: usize) {
        let kind = self.all.text.as_bytes()[self.all.tokens[i].start];
        if let Prev::Value(before) = self.frame().prev
            && !self.touches(before, i)
            && self.word() != "use"
        {
            let gap = self.between(before, i);
            let text = self.all.str(i);
            let spaces = self.all.text[gap.range()]
                .bytes()
                .all(|b| b == b' ' || b == b'\t');
            if kind != b'{' && spaces {
                self.found.push(errors::space_before_bracket(gap, text));
                self.head.edit(gap.start as usize, gap.end as usize, "");
            } else {
                self.beside(before, i);
            }
        }
        self.frame().item.get_or_insert(i);
        self.open(kind, i);
    }

    /// Before something closes: nothing may wait for a value.
    fn close_frame(&mut self, _at: usize) {
        match self.frame().prev {
            Prev::Operator(i) => self.waits(i),
            _ => self.lone_if(),
        }
    }

    /// Tells an operator with nothing after it.
    pub(super) fn waits(&mut self, i: usize) {
        let found = errors::missing_value(self.all.span(i), self.all.str(i), false);
        self.give_up(found);
    }

    /// Tells an `if` without `else`.
    pub(super) fn lone_if(&mut self) {
        if let Some(i) = self.frame().condition.take() {
            let found = errors::missing_else(self.all.span(i));
            self.give_up(found);
        }
    }

    fn stray_or_percent(&mut self, i: usize) -> usize {
        let text = self.all.str(i);
        if text == "?" {
            let found = errors::ternary(self.all.span(i));
            self.give_up(found);
            return i + 1;
        }
        let mut last = i;
        while self.touches(last, last + 1) && self.all.kind(last + 1) == Some(Kind::Stray) {
            last += 1;
        }
        self.stray(i)
    }

    fn figure(&mut self, i: usize) -> usize {
        self.value(i);
        let text = self.all.str(i);
        let span = self.all.span(i);
        let next = i + 1;
        let mut last = i;
        let spaced = next < self.head.to
            && self
                .all
                .kind(i + 1)
                .is_some_and(|k| matches!(k, Kind::Word | Kind::Stray))
            && (self.all.is(next, "%") || unit(self.all.str(next)).is_some());
        if spaced && is_literal(text) {
            let unit = if self.all.is(next, "%") {
                "%"
            } else {
                unit(self.all.str(next)).unwrap_or("")
            };
            let whole = span.to(self.all.span(next));
            let mended = format!("{text}{unit}");
            let hint = format!("write `{mended}`, without a space");
            let found = characters::invalid_number(whole, &self.all.text[whole.range()], &hint);
            self.found.push(characters::with_number(found, whole, &mended));
            self.head.edit(whole.start as usize, whole.end as usize, "0");
            self.head.lost = true;
            last = next;
        } else if !is_literal(text) {
            let (hint, mended) = number_advice(text);
            let found = characters::invalid_number(span, text, &hint);
            let found = match mended {
                Some(mended) => characters::with_number(found, span, &mended),
                None => found,
            };
            self.replace(found, i, "0");
            self.head.lost = true;
        }
        self.frame().prev = Prev::Value(last);
        last + 1
    }

    fn a_word(&mut self, i: usize) -> usize {
        let text = self.all.str(i);
        let keyed = self.all.is(i + 1, ":") || self.all.is(i + 1, "=");
        let frame = self.frame();
        let begins = matches!(frame.prev, Prev::Start | Prev::Comma(_));
        if frame.kind == b'{' && begins && keyed {
            frame.item = Some(i);
            frame.prev = Prev::Value(i);
            return i + 1;
        }
        if self.is_reserved_name(i) {
            let token = self.all.tokens[i];
            self.found.push(errors::reserved_word(self.all.span(i), text));
            self.head.edit(token.end, token.end, "_");
            self.frame().prev = Prev::Value(i);
            return i + 1;
        }
        let lower = text.to_ascii_lowercase();
        let is_use = self.word() == "use";
        if is_operator_word(&lower) && !is_use {
            if text != lower {
                self.replace(errors::word_case(self.all.span(i), text, &lower), i, &lower);
            }
            return self.operator(i, &lower);
        }
        if !is_use {
            self.value(i);
            if self.silent {
                return i + 1;
            }
        }
        let last = self.hyphenated(i);
        if let Some(last) = last {
            self.hyphen(i, last);
        } else if matches!(lower.as_str(), "true" | "false") && text != lower {
            self.replace(errors::word_case(self.all.span(i), text, &lower), i, &lower);
        } else if !is_lower(text) && text != "T" {
            let name = snake(text);
            self.replace(errors::name_case(self.all.span(i), text, &name), i, &name);
        }
        let last = last.unwrap_or(i);
        self.frame().prev = Prev::Value(last);
        last + 1
    }

    /// Whether a word that cannot be a name stands where a name is declared.
    fn is_reserved_name(&self, i: usize) -> bool {
        let text = self.all.str(i);
        let declares = has_own_form(self.word()) && self.word() != "use";
        let alone = i + 1 >= self.head.to && self.head.block.is_some();
        i == self.keyword + 1
            && ((is_operator_word(text) && (declares || alone))
                || (declares && matches!(text, "true" | "false")))
    }

    /// An operator, as a word or as a mark.
    fn operator(&mut self, i: usize, text: &str) -> usize {
        let prefix = text == "not" || text == "-";
        let frame = self.frame();
        if matches!(frame.prev, Prev::Value(_)) && text == "not" {
            // `a not b`: two values side by side.
            self.value(i);
            self.frame().prev = Prev::Operator(i);
            return i + 1;
        }
        match text {
            "if" => frame.condition = Some(i),
            "else" => frame.condition = None,
            _ => {}
        }
        if !matches!(frame.prev, Prev::Value(_)) && !prefix {
            let found = errors::missing_value(self.all.span(i), self.all.str(i), true);
            self.give_up(found);
            return i + 1;
        }
        frame.item.get_or_insert(i);
        frame.prev = Prev::Operator(i);
        i + 1
    }

    fn mark(&mut self, i: usize) -> usize {
        let text = self.all.str(i);
        match text {
            "," | ";" => self.comma(i),
            ":" => self.colon(i),
            "=" => self.equals(i),
            "." => return self.dot(i),
            "!" => {
                self.replace(errors::word_operator(self.all.span(i), "!", "not"), i, "not ");
                self.head.negated = true;
                return self.operator(i, "not");
            }
            "&&" | "||" | "&" | "|" => {
                let word = if text.starts_with('&') { "and" } else { "or" };
                self.found
                    .push(errors::word_operator(self.all.span(i), text, word));
                let token = self.all.tokens[i];
                self.head.edit(token.start, token.end, format!(" {word} "));
                return self.operator(i, word);
            }
            "==" if self.word() == "let" && self.frames.len() == 1 && i == self.keyword + 2 => {
                self.replace(statements::malformed_let(self.all.span(i)), i, "=");
                self.frame().prev = Prev::Mark;
            }
            _ if is_operator_mark(text) => return self.operator(i, text),
            _ => {}
        }
        i + 1
    }

    fn comma(&mut self, i: usize) {
        match self.frame().prev {
            Prev::Operator(before) => return self.waits(before),
            Prev::Start | Prev::Comma(_) => {
                let found = errors::missing_value(self.all.span(i), ",", true);
                self.replace(found, i, "");
                return;
            }
            Prev::Mark => {
                let found = errors::missing_value(self.all.span(i), ",", true);
                return self.give_up(found);
            }
            Prev::Value(_) => self.lone_if(),
        }
        let frame = self.frame();
        frame.prev = Prev::Comma(i);
        frame.item = None;
        frame.colon = false;
    }

    fn colon(&mut self, i: usize) {
        let top = self.frames.len() == 1;
        let frame = self.frame();
        frame.colon = true;
        frame.prev = Prev::Mark;
        if !top || self.frame().kind != b' ' {
            return;
        }
        let span = self.all.span(i);
        let keyword = self.word().to_string();
        let last = i + 1 >= self.head.to;
        match keyword.as_str() {
            "param" | "capture" if i == self.keyword + 2 => {
                if last {
                    let found = errors::missing_value(span, ":", false);
                    self.give_up(found);
                }
            }
            "let" => self.give_up(statements::malformed_let(span)),
            "param" => self.give_up(statements::malformed_param(span)),
            "capture" => self.give_up(statements::malformed_capture(span)),
            "use" => self.quiet(),
            _ if i == self.keyword + 1 => {
                let found =
                    statements::colon(span, &keyword).safe_fix("take out the `:`", span, gap_for(self, i));
                self.replace(found, i, " ");
                self.frame().prev = Prev::Start;
            }
            _ if last => {
                let found = statements::colon_inside(span).safe_fix("take out the `:`", span, "");
                self.replace(found, i, "");
                self.frame().prev = Prev::Start;
            }
            _ => self.give_up(statements::colon_inside(span)),
        }
    }

    fn equals(&mut self, i: usize) {
        let top = self.frames.len() == 1;
        let span = self.all.span(i);
        let keyword = self.word().to_string();
        let takes = match keyword.as_str() {
            "let" | "param" => top && i > self.keyword + 1,
            _ => {
                let frame = self.frame();
                frame.kind == b'(' && frame.colon && self.head.block.is_some() && self.frames.len() == 2
            }
        };
        if takes {
            if keyword == "param" && !self.frame().colon {
                self.give_up(statements::malformed_param(span));
            } else if i + 1 >= self.head.to {
                let found = errors::missing_value(span, "=", false);
                self.give_up(found);
            }
            self.frame().prev = Prev::Mark;
            return;
        }
        if keyword == "use" {
            return self.quiet();
        }
        if top && i == self.keyword + 1 {
            let found =
                statements::equals_sign(span, &keyword).safe_fix("take out the `=`", span, gap_for(self, i));
            self.replace(found, i, " ");
            self.frame().prev = Prev::Start;
            return;
        }
        if top && keyword == "env" && i == self.keyword + 2 {
            let name = self.all.span(i - 1);
            // A variable's name is a text, and upper case there is no mistake of its own.
            if self.found.last().is_some_and(|d| d.span == name) {
                self.found.pop();
            }
            let (mut whole, mut value) = (name.to(span), "value".to_string());
            if i + 1 < self.head.to {
                whole = whole.to(self.all.span(i + 1));
                value = self.all.str(i + 1).trim_matches('"').to_string();
            }
            let mended = format!("\"{}\", \"{value}\"", self.all.str(i - 1));
            return self.give_up(statements::equals_after_variable(span, whole, &mended));
        }
        let frame = self.frame();
        let label = matches!(frame.prev, Prev::Value(v) if Some(v) == frame.item);
        if frame.kind == b'{' || (frame.kind == b'(' && label && self.called_name()) {
            self.replace(errors::equals_in_call(span), i, ":");
            self.frame().prev = Prev::Mark;
        } else {
            self.replace(errors::single_equals(span), i, "==");
            self.frame().prev = Prev::Operator(i);
        }
    }

    /// Whether the innermost parenthesis belongs to a call.
    fn called_name(&self) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        frame.open > 0
            && self.touches(frame.open - 1, frame.open)
            && self.all.kind(frame.open - 1) == Some(Kind::Word)
    }

    fn dot(&mut self, i: usize) -> usize {
        if matches!(self.frame().prev, Prev::Value(_)) {
            if self.all.kind(i + 1) == Some(Kind::Word) && i + 1 < self.head.to {
                self.frame().prev = Prev::Mark;
                return i + 1;
            }
            return i + 1;
        }
        if self.all.kind(i + 1) == Some(Kind::Figure) && self.touches(i, i + 1) {
            let whole = self.all.span(i).to(self.all.span(i + 1));
            let mended = format!("0{}", &self.all.text[whole.range()]);
            let found = characters::invalid_number(whole, &mended[1..], &format!("write `{mended}`"));
            self.found.push(characters::with_number(found, whole, &mended));
            self.head.edit(whole.start as usize, whole.end as usize, "0");
            self.head.lost = true;
            self.frame().prev = Prev::Value(i + 1);
            return i + 2;
        }
        i + 1
    }
}

/// What stands between a keyword and its value once a mark between them is gone.
fn gap_for(walk: &Walk<'_, '_>, i: usize) -> &'static str {
    let spaced = |at: usize| {
        walk.all
            .text
            .as_bytes()
            .get(at)
            .is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n'))
    };
    let token = walk.all.tokens[i];
    if spaced(token.end) || (token.start > 0 && spaced(token.start - 1)) {
        ""
    } else {
        " "
    }
}
