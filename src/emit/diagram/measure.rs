//! How wide a text is drawn: an upper bound over the fonts that browsers take for `sans-serif`.
//!
//! Pictures are laid out without a browser, so a text must fit wherever it is shown. Called by the printers of pictures.

/// The width of a text in pixels, at a size in pixels.
pub(crate) fn width(text: &str, size: i32, bold: bool) -> i32 {
    let extra = if bold { 80 } else { 0 };
    let thousandths: i64 = text.chars().map(|c| i64::from(thousandths(c) + extra)).sum();
    let pixels = (thousandths * i64::from(size) + 999) / 1000;
    i32::try_from(pixels).unwrap_or(i32::MAX / 4)
}

/// A text cut off with `…` where it would be wider than a number of pixels.
pub(crate) fn fit(text: &str, size: i32, bold: bool, most: i32) -> String {
    if width(text, size, bold) <= most {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, size, bold) + width("…", size, bold) > most {
            kept.pop();
            break;
        }
    }
    kept.push('…');
    kept
}

/// The width of a character in thousandths of the size: that of a wide sans-serif.
fn thousandths(c: char) -> i32 {
    match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | 'i' | 'j' | 'l' | 'I' => 340,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' | '‹' | '›' => 412,
        '"' | '*' | '_' | '`' => 510,
        'm' | 'W' | '%' | '@' | '…' | '—' => 1000,
        'M' | 'w' | '&' | '+' | '<' | '>' | '=' | '~' | '#' | '→' | '≤' | '≥' => 863,
        'c' | 's' | 'z' | 'k' | 'v' | 'x' | 'y' => 592,
        'G' | 'H' | 'D' | 'O' | 'Q' | 'N' | 'U' => 787,
        'A'..='Z' => 700,
        c if c.is_ascii() => 636,
        c if u32::from(c) < 0x1100 => 787,
        _ => 1040,
    }
}

#[cfg(test)]
mod tests {
    use super::{fit, width};

    #[test]
    fn a_text_that_is_cut_fits() {
        for text in [
            "deploy",
            "WWWWWWWWWWWWWW",
            "a name that is far too long for its place",
            "日本語の名前",
        ] {
            let cut = fit(text, 12, true, 90);
            assert!(width(&cut, 12, true) <= 90, "{cut}");
        }
        assert_eq!(fit("short", 12, false, 90), "short");
    }
}
