//! Exact fractions, so that `0.1%` is what the author wrote and not the nearest binary number.
//!
//! Knows arithmetic only. Used by literals, metrics, thresholds and weights.

use std::cmp::Ordering;
use std::fmt;

/// An exact fraction with a positive denominator, always in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Rational {
    /// Zero.
    pub const ZERO: Rational = Rational {
        numerator: 0,
        denominator: 1,
    };
    /// One.
    pub const ONE: Rational = Rational {
        numerator: 1,
        denominator: 1,
    };

    /// A whole number.
    pub const fn int(n: i64) -> Self {
        Rational {
            numerator: n as i128,
            denominator: 1,
        }
    }

    /// `numerator / denominator`; `None` when the denominator is zero or the fraction does not fit.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        let g = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let g = i128::try_from(g).ok()?;
        let sign = if denominator < 0 { -1 } else { 1 };
        Some(Rational {
            numerator: sign * numerator / g,
            denominator: sign * denominator / g,
        })
    }

    /// Reads `12`, `2.5` or `-0.1`; `None` when the text is not such a number or has too many digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let whole: i128 = whole.parse().ok()?;
        let fraction: i128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().ok()?
        };
        Rational::new(sign * whole.checked_mul(scale)?.checked_add(fraction)?, scale)
    }

    /// The sum, or `None` when it does not fit.
    pub fn checked_add(self, o: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(o.denominator)?;
        let right = o.numerator.checked_mul(self.denominator)?;
        Rational::new(
            left.checked_add(right)?,
            self.denominator.checked_mul(o.denominator)?,
        )
    }

    /// The difference, or `None` when it does not fit.
    pub fn checked_sub(self, o: Self) -> Option<Self> {
        self.checked_add(Rational {
            numerator: o.numerator.checked_neg()?,
            ..o
        })
    }

    /// The product, or `None` when it does not fit.
    pub fn checked_mul(self, o: Self) -> Option<Self> {
        Rational::new(
            self.numerator.checked_mul(o.numerator)?,
            self.denominator.checked_mul(o.denominator)?,
        )
    }

    /// The quotient, or `None` when `o` is zero or the result does not fit.
    pub fn checked_div(self, o: Self) -> Option<Self> {
        Rational::new(
            self.numerator.checked_mul(o.denominator)?,
            self.denominator.checked_mul(o.numerator)?,
        )
    }

    /// The whole number this is, if it is one that fits.
    pub fn as_int(self) -> Option<i64> {
        if self.denominator == 1 {
            i64::try_from(self.numerator).ok()
        } else {
            None
        }
    }

    /// Numerator and denominator, in lowest terms; the denominator is positive.
    pub fn parts(self) -> (i128, i128) {
        (self.numerator, self.denominator)
    }

    /// The nearest binary number: for drawing and for sizes, never for comparing.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Rounded up to a whole number, saturating.
    pub fn ceil(self) -> i64 {
        let q = self.numerator.div_euclid(self.denominator);
        let r = self.numerator.rem_euclid(self.denominator);
        let up = if r == 0 { q } else { q + 1 };
        i64::try_from(up).unwrap_or(if up < 0 { i64::MIN } else { i64::MAX })
    }

    /// The number as a decimal: exact when it ends within twelve places, else rounded to six.
    pub fn decimal(self) -> String {
        let mut places = 0u32;
        let mut scale: i128 = 1;
        while places < 12 && scale % self.denominator != 0 {
            places += 1;
            scale *= 10;
        }
        if scale % self.denominator != 0 {
            let text = format!("{:.6}", self.to_f64());
            return text.trim_end_matches('0').trim_end_matches('.').to_string();
        }
        let Some(scaled) = self.numerator.checked_mul(scale / self.denominator) else {
            return format!("{}", self.to_f64());
        };
        let sign = if scaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places as usize);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.numerator.checked_mul(other.denominator);
        let right = other.numerator.checked_mul(self.denominator);
        match (left, right) {
            (Some(l), Some(r)) => l.cmp(&r),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decimal())
    }
}

#[cfg(test)]
mod tests {
    use super::Rational;

    #[test]
    fn decimals_come_back_as_they_were_written() {
        for text in ["0", "0.1", "99.5", "-2.25", "100", "0.05"] {
            assert_eq!(Rational::parse(text).expect("parses").decimal(), text);
        }
        assert_eq!(Rational::parse("1."), Some(Rational::ONE));
        assert_eq!(Rational::parse("x"), None);
        assert_eq!(Rational::parse(&"9".repeat(60)), None);
    }

    #[test]
    fn order_is_exact() {
        let tenth = Rational::parse("0.1").expect("parses");
        let sum = tenth
            .checked_add(tenth)
            .and_then(|t| t.checked_add(tenth))
            .expect("fits");
        assert_eq!(sum, Rational::parse("0.3").expect("parses"));
        assert!(tenth < sum);
    }
}
