//! Decimal numbers of any length, as the library behind sprig's `addf` and its kin reckons with them.

use dashu_int::ops::UnsignedAbs;
use dashu_int::{IBig, UBig};

use crate::error::Error;

/// `digits * 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    digits: IBig,
    exponent: i32,
}

/// Digits after the point of a quotient.
const DIVISION_PRECISION: i32 = 16;

impl Decimal {
    /// The shortest decimal that reads back as the float.
    pub(super) fn from_float(float: f64) -> Result<Self, Error> {
        if !float.is_finite() {
            let name = if float.is_nan() { "NaN" } else { if float > 0.0 { "+Inf" } else { "-Inf" } };
            return Err(Error::message(format!("Cannot create a Decimal from {name}")));
        }
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').expect("LowerExp prints an exponent");
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits: i64 = mantissa.replace('.', "").parse().expect("LowerExp prints at most 17 digits");
        let exponent: i32 = exponent.parse().expect("LowerExp prints a small exponent");
        Ok(Self { digits: digits.into(), exponent: if digits == 0 { 0 } else { exponent - fraction as i32 } })
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    pub(super) fn add(&self, other: &Self) -> Result<Self, Error> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.at(exponent) + other.at(exponent), exponent })
    }

    pub(super) fn sub(&self, other: &Self) -> Result<Self, Error> {
        self.add(&Self { digits: -&other.digits, exponent: other.exponent })
    }

    pub(super) fn mul(&self, other: &Self) -> Result<Self, Error> {
        Ok(Self {
            digits: &self.digits * &other.digits,
            exponent: self.exponent.saturating_add(other.exponent),
        })
    }

    /// Rounded to 16 digits after the point, halves away from zero.
    pub(super) fn div(&self, other: &Self) -> Result<Self, Error> {
        if other.digits.is_zero() {
            return Err(Error::message("decimal division by 0"));
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let power = power_of_ten(shift.unsigned_abs());
        let (dividend, divisor) = if shift < 0 {
            (self.digits.clone(), &other.digits * power)
        } else {
            (&self.digits * power, other.digits.clone())
        };
        let quotient = &dividend / &divisor;
        let rest = &dividend - &quotient * &divisor;
        let is_up = rest.unsigned_abs() * 2_u32 >= (&divisor).unsigned_abs();
        let away = if dividend.sign() == divisor.sign() { 1 } else { -1 };
        let digits = if is_up { quotient + away } else { quotient };
        Ok(Self { digits, exponent: -DIVISION_PRECISION })
    }

    /// The digits for an exponent that is not larger.
    fn at(&self, exponent: i32) -> IBig {
        &self.digits * power_of_ten(self.exponent.abs_diff(exponent))
    }
}

fn power_of_ten(exponent: u32) -> IBig {
    UBig::from(10_u32).pow(exponent as usize).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reckons_in_decimals() {
        type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, Error>;
        let cases: &[(f64, Operation, f64, f64)] = &[
            (0.1, Decimal::add, 0.2, 0.3),
            (10.0, Decimal::div, 3.0, 3.333_333_333_333_333_5),
            (-2.0, Decimal::div, 3.0, -0.666_666_666_666_666_7),
            (1.1, Decimal::mul, 1.1, 1.21),
            (1e300, Decimal::mul, 1e300, f64::INFINITY),
            (0.3, Decimal::sub, 0.1, 0.2),
            (1.0, Decimal::div, 3e20, 0.0),
            (5e-324, Decimal::add, 1e308, 1e308),
        ];
        for (left, operation, right, result) in cases {
            let [left, right] = [left, right].map(|float| Decimal::from_float(*float).unwrap());
            assert_eq!(operation(&left, &right).unwrap().to_float(), *result);
        }
        assert!(Decimal::from_float(f64::NAN).is_err());
    }
}
