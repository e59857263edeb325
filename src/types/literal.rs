//! From the text of a literal to its value.

use crate::model::{Civil, Dur};
use crate::source::Rational;
use jiff::civil;

/// Why a literal has no value, in words that continue "…: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralError(pub String);

type Result<T> = std::result::Result<T, LiteralError>;

fn error<T>(text: impl Into<String>) -> Result<T> {
    Err(LiteralError(text.into()))
}

/// `5%` as the fraction 1/20.
///
/// # Errors
/// When the number has too many digits.
pub fn percent(text: &str) -> Result<Rational> {
    let number = text.strip_suffix('%').unwrap_or(text);
    Rational::parse(number)
        .and_then(|n| n.checked_div(Rational::int(100)))
        .map_or_else(|| error("the number is too large"), Ok)
}

/// `1h30m`, `2.5s`, `500ms`, `5wd`.
///
/// # Errors
/// When a unit is unknown, stands twice or stands out of order, or the whole is longer than 100 years.
pub fn duration(text: &str) -> Result<Dur> {
    const UNITS: [(&str, i64); 6] = [
        ("wd", 0),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    const TOO_LONG: &str = "it is longer than 100 years";
    if text.is_empty() {
        return error("nothing is written");
    }
    let mut rest = text;
    let mut total = Dur::ZERO;
    let mut next = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return error(format!("no number stands before `{rest}`"));
        }
        if unit.is_empty() {
            return error(format!("`{number}` has no unit, such as `m` or `h`"));
        }
        let Some(place) = UNITS.iter().position(|(u, _)| *u == unit) else {
            return error(format!("`{unit}` is not a unit of time"));
        };
        if place < next {
            return error("its units stand from the largest to the smallest, each once");
        }
        next = place + 1;
        if number.matches('.').count() > 1 || number.starts_with('.') || number.ends_with('.') {
            return error(format!("`{number}` is not a number"));
        }
        let Some(number) = Rational::parse(number) else {
            return error("the number has too many digits");
        };
        if unit == "wd" {
            let Some(days) = number.as_int() else {
                return error("working days are whole");
            };
            total.working_days = days;
        } else {
            let Some(ms) = number.checked_mul(Rational::int(UNITS[place].1)) else {
                return error(TOO_LONG);
            };
            if ms.parts().1 != 1 {
                return error("it is finer than a millisecond");
            }
            total.ms = total.ms.saturating_add(ms.ceil());
        }
        if !total.fits() {
            return error(TOO_LONG);
        }
        rest = tail;
    }
    Ok(total)
}

/// `2026-06-01`.
///
/// # Errors
/// When there is no such day.
pub fn date(text: &str) -> Result<civil::Date> {
    let mut parts = text.split('-');
    let mut number = || parts.next().and_then(|p| p.parse::<i16>().ok()).unwrap_or(0);
    let (year, month, day) = (number(), number(), number());
    if !(1..=12).contains(&month) {
        return error(format!("there is no month {month}"));
    }
    civil::Date::new(year, month as i8, i8::try_from(day).unwrap_or(0))
        .map_or_else(|_| error(format!("{year}-{month:02} has no day {day}")), Ok)
}

/// `22:00`; `24:00` is `None`, the end of the day.
///
/// # Errors
/// When there is no such time.
pub fn time_of_day(text: &str) -> Result<Option<civil::Time>> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, ""));
    let (Ok(hour), Ok(minute)) = (hour.parse::<i8>(), minute.parse::<i8>()) else {
        return error("a time of day is written as 22:00");
    };
    if (hour, minute) == (24, 0) {
        return Ok(None);
    }
    civil::Time::new(hour, minute, 0, 0)
        .map_or_else(|_| error(format!("there is no time {text}")), |t| Ok(Some(t)))
}

/// `2026-06-01T02:00`, with `Z` or an offset.
///
/// # Errors
/// When there is no such day, time or offset.
pub fn date_time(text: &str) -> Result<Civil> {
    let (day, clock) = text.split_once('T').unwrap_or((text, "00:00"));
    let day = date(day)?;
    let (clock, offset) = if let Some(clock) = clock.strip_suffix('Z') {
        (clock, Some(0))
    } else if let Some(at) = clock.find(['+', '-']) {
        let (clock, zone) = clock.split_at(at);
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let (h, m) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
        let (Ok(h), Ok(m)) = (h.parse::<i32>(), m.parse::<i32>()) else {
            return error(format!("`{zone}` is not an offset from UTC"));
        };
        if h > 18 || m > 59 {
            return error(format!("`{zone}` is not an offset from UTC"));
        }
        (clock, Some(sign * (h * 3600 + m * 60)))
    } else {
        (clock, None)
    };
    match time_of_day(clock)? {
        Some(time) => Ok(Civil {
            at: day.to_datetime(time),
            offset,
        }),
        None => match day.tomorrow() {
            Ok(day) => Ok(Civil {
                at: day.to_datetime(civil::Time::midnight()),
                offset,
            }),
            Err(_) => error("the calendar ends there"),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Dur;
    use crate::types::{date, date_time, duration, percent, time_of_day};

    #[test]
    fn durations_add_up() {
        assert_eq!(duration("1h30m"), Ok(Dur::minutes(90)));
        assert_eq!(
            duration("2.5s"),
            Ok(Dur {
                ms: 2500,
                working_days: 0
            })
        );
        assert_eq!(
            duration("5wd"),
            Ok(Dur {
                ms: 0,
                working_days: 5
            })
        );
        assert!(duration("1m1h").is_err());
        assert!(duration("0.1ms").is_err());
        let why = |text: &str| duration(text).map_err(|e| e.0);
        let too_long = Err("it is longer than 100 years".to_string());
        for text in ["99999999999999999999d", "36601d", "36601wd", "36600d1s"] {
            assert_eq!(why(text), too_long, "{text}");
        }
        assert_eq!(why("0.1ms"), Err("it is finer than a millisecond".into()));
        assert_eq!(why("5"), Err("`5` has no unit, such as `m` or `h`".into()));
        assert_eq!(why("h"), Err("no number stands before `h`".into()));
        assert_eq!(why("-5m"), Err("no number stands before `-5m`".into()));
        assert_eq!(why("1..5h"), Err("`1..5` is not a number".into()));
        assert!(duration("").is_err());
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        assert!(date("2026-02-28").is_ok());
        assert!(date("2026-02-29").is_err());
        assert!(date("2026-13-01").is_err());
        assert!(date_time("2026-06-01T25:00").is_err());
        assert_eq!(
            date_time("2026-06-01T02:00-04:00").map(|c| c.offset),
            Ok(Some(-14_400))
        );
        assert_eq!(time_of_day("24:00"), Ok(None));
        assert_eq!(percent("0.5%").map(|p| p.to_string()), Ok("0.005".to_string()));
    }
}
