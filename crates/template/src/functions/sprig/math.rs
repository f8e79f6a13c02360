//! Whole numbers of 64 bits that wrap, floats, and counting.

use super::cast::{to_float, to_int};
use super::decimal::Decimal;
use super::support::{claim_items, made};
use crate::error::Error;
use crate::exec::Call;
use crate::function::Rest;
use crate::functions::Functions;
use crate::value::{Element, List, Text, Value};

/// Two numbers to one.
type Fold<Number> = fn(Number, Number) -> Number;

pub(super) fn add(functions: &mut Functions) {
    functions.add("add", |numbers: Rest<Value>| numbers.0.iter().map(to_int).fold(0, i64::wrapping_add));
    functions.add("add1", |number: Value| to_int(&number).wrapping_add(1));
    functions.add("sub", |left: Value, right: Value| to_int(&left).wrapping_sub(to_int(&right)));
    functions.add("div", |left: Value, right: Value| divided(&left, &right, i64::wrapping_div));
    functions.add("mod", |left: Value, right: Value| divided(&left, &right, i64::wrapping_rem));
    let folds: [(&'static str, Fold<i64>); 4] =
        [("mul", i64::wrapping_mul), ("max", i64::max), ("biggest", i64::max), ("min", i64::min)];
    for (name, operation) in folds {
        functions.add(name, move |first: Value, others: Rest<Value>| {
            others.0.iter().map(to_int).fold(to_int(&first), operation)
        });
    }
    add_floats(functions);
    functions.add("until", |call: &mut Call<'_>, count: isize| {
        ints(call, 0, count, if count < 0 { -1 } else { 1 })
    });
    functions.add("untilStep", |call: &mut Call<'_>, start: isize, stop: isize, step: isize| {
        ints(call, start, stop, step)
    });
    functions.add("seq", seq);
}

fn add_floats(functions: &mut Functions) {
    functions.add("floor", |number: Value| to_float(&number).floor());
    functions.add("ceil", |number: Value| to_float(&number).ceil());
    functions.add("round", round);
    let folds: [(&'static str, Fold<f64>); 2] = [("maxf", largest), ("minf", |a, b| -largest(-a, -b))];
    for (name, operation) in folds {
        functions.add(name, move |first: Value, others: Rest<Value>| {
            others.0.iter().map(to_float).fold(to_float(&first), operation)
        });
    }
    functions.add("add1f", |number: Value| decimals(to_float(&number), &[1.0], Decimal::add));
    functions.add("addf", |numbers: Rest<Value>| decimals(0.0, &floats(&numbers), Decimal::add));
    let operations: [(&'static str, Operation); 3] =
        [("subf", Decimal::sub), ("mulf", Decimal::mul), ("divf", Decimal::div)];
    for (name, operation) in operations {
        functions.add(name, move |first: Value, others: Rest<Value>| {
            decimals(to_float(&first), &floats(&others), operation)
        });
    }
}

fn divided(left: &Value, right: &Value, operation: fn(i64, i64) -> i64) -> Result<i64, Error> {
    match to_int(right) {
        0 => Err(Error::message("runtime error: integer divide by zero")),
        divisor => Ok(operation(to_int(left), divisor)),
    }
}

/// Go's `math.Max`: positive infinity wins over NaN, NaN over numbers, zero over negative zero.
fn largest(left: f64, right: f64) -> f64 {
    if left == f64::INFINITY || right == f64::INFINITY {
        f64::INFINITY
    } else if left.is_nan() || right.is_nan() {
        f64::NAN
    } else if left == right {
        if left.is_sign_negative() { right } else { left }
    } else {
        left.max(right)
    }
}

/// To a number of places, up from the fraction `.5` or the one given; negative numbers always down, as in sprig.
fn round(number: Value, places: isize, up_from: Rest<f64>) -> f64 {
    let up_from = up_from.0.first().copied().unwrap_or(0.5);
    let power = power_of_ten(places);
    let digit = power * to_float(&number);
    let rounded = if digit.fract() >= up_from { digit.ceil() } else { digit.floor() };
    rounded / power
}

/// 10 to a power as Go's `math.Pow` reckons it, by squaring: large powers differ in the last digit from the nearest.
fn power_of_ten(exponent: isize) -> f64 {
    // Beyond these the result is infinity or 0.
    let exponent = exponent.clamp(-400, 400);
    let (mut fraction, mut scale) = (1.0_f64, 0);
    // 10 = 0.625 * 2^4.
    let (mut square, mut square_scale) = (0.625_f64, 4);
    let mut rest = exponent.unsigned_abs();
    while rest != 0 {
        if rest % 2 == 1 {
            fraction *= square;
            scale += square_scale;
        }
        square *= square;
        square_scale *= 2;
        if square < 0.5 {
            square += square;
            square_scale -= 1;
        }
        rest /= 2;
    }
    if exponent < 0 {
        fraction = 1.0 / fraction;
        scale = -scale;
    }
    fraction * 2_f64.powi(scale / 2) * 2_f64.powi(scale - scale / 2)
}

fn floats(values: &Rest<Value>) -> Vec<f64> {
    values.0.iter().map(to_float).collect()
}

type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, Error>;

/// Floats through decimal arithmetic and back.
fn decimals(first: f64, others: &[f64], operation: Operation) -> Result<f64, Error> {
    let mut result = Decimal::from_float(first)?;
    for &other in others {
        result = operation(&result, &Decimal::from_float(other)?)?;
    }
    Ok(result.to_float())
}

/// The numbers from `start` in steps until `stop`, which is not among them; none when the step leads away from it.
fn steps(
    call: &Call<'_>,
    start: isize,
    stop: isize,
    step: isize,
) -> Result<impl Iterator<Item = isize>, Error> {
    let distance = stop as i128 - start as i128;
    let is_towards = step != 0 && (distance < 0) == (step < 0);
    let count = if is_towards { distance.unsigned_abs().div_ceil(step.unsigned_abs() as u128) } else { 0 };
    claim_items(call, usize::try_from(count).unwrap_or(usize::MAX))?;
    // The count was small enough to claim, and none of the numbers is beyond `stop`.
    Ok((0..count as isize).map(move |turn| start + turn * step))
}

fn ints(call: &Call<'_>, start: isize, stop: isize, step: isize) -> Result<List, Error> {
    Ok(List::of(Element::Of("int"), steps(call, start, stop, step)?.map(Value::from).collect()))
}

/// The numbers from a first to a last, which is among them, separated by spaces.
fn seq(call: &mut Call<'_>, parameters: Rest<isize>) -> Result<Text, Error> {
    let towards = |start, end| if end < start { -1 } else { 1 };
    let (start, step, end) = match parameters.0[..] {
        [end] => (1, towards(1, end), end),
        [start, end] => (start, towards(start, end), end),
        [start, step, end] if end >= start || step <= 0 => (start, step, end),
        _ => return Ok(Text::default()),
    };
    let numbers = steps(call, start, end.wrapping_add(towards(start, end)), step)?;
    let texts: Vec<String> = numbers.map(|number| number.to_string()).collect();
    made(call, texts.join(" "))
}
