//! How far a token that begins with a digit reaches.
//!
//! Generous on purpose: `10min` and `1.2.3` are one token, so that they can be called wrong as a whole.

/// The length of the token at the start of `bytes`, which begins with a digit.
pub(super) fn length(bytes: &[u8]) -> usize {
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let all_digits = |from: usize, to: usize| (from..to).all(digit);
    let mut len = 0;
    let mut in_date = false;
    if all_digits(0, 4)
        && bytes.get(4) == Some(&b'-')
        && all_digits(5, 7)
        && bytes.get(7) == Some(&b'-')
        && digit(8)
    {
        len = 9;
        in_date = true;
    }
    while let Some(b) = bytes.get(len) {
        let more = match b {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
            b'%' => len > 0 && digit(len - 1),
            b'.' | b':' => digit(len + 1) && len > 0 && digit(len - 1),
            b'+' | b'-' => {
                // One offset, and only after a time of day.
                let after_time = std::mem::take(&mut in_date) && bytes[9..len].contains(&b':');
                after_time && all_digits(len + 1, len + 3) && bytes.get(len + 3) == Some(&b':')
            }
            _ => false,
        };
        if !more {
            break;
        }
        len += 1;
    }
    len
}
