//! Large primes, for RSA keys.
//!
//! A sieve over the numbers behind a random one leaves few that are worth a test, and a test of most of those is one
//! exponentiation. The time it takes depends on the prime, as it does with most libraries.

use std::sync::LazyLock;

use dashu_int::UBig;
use dashu_int::monty::MontgomeryRepr;
use dashu_int::ops::BitTest;
use rand::RngCore;

/// The primes that a sieve may strike out with lie below this: what [`sieve_limit`] is for primes of 2,048 bits.
const SIEVED: u32 = 1 << 21;

/// Odd numbers behind a random one that are looked at before another one is taken, for each bit. A prime is among them
/// but for one time in a hundred.
const CANDIDATES_PER_BIT: usize = 2;

/// Tests that a prime has to pass: as many as FIPS 186-5 (table B.1) and Go ask of random numbers of 1,024 bits, for
/// which one in 2^112 passes them and is none.
const TESTS: usize = 5;

/// The odd primes below [`SIEVED`].
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    // At each place stands twice its number and one more.
    let mut is_composite = vec![false; SIEVED as usize / 2];
    for place in 1..SIEVED.isqrt() as usize / 2 {
        if !is_composite[place] {
            strike_out(&mut is_composite, 2 * place * (place + 1), 2 * place + 1);
        }
    }
    (3..)
        .step_by(2)
        .zip(&is_composite[1..])
        .filter(|(_, is_composite)| !**is_composite)
        .map(|(number, _)| number)
        .collect()
});

/// Marks a position and all that follow at a distance.
fn strike_out(is_composite: &mut [bool], first: usize, distance: usize) {
    is_composite.iter_mut().skip(first).step_by(distance).for_each(|mark| *mark = true);
}

/// Where the sieve for a prime of so many bits ends: beyond, to strike out takes longer than the tests it saves.
fn sieve_limit(bits: usize) -> u32 {
    u32::try_from(bits * bits / 2).unwrap_or(SIEVED).min(SIEVED)
}

/// A random prime of so many bits (a multiple of 64) of which the two highest are set, so that two of them multiply to
/// twice as many bits. One less than it is no multiple of 65,537, the exponent of RSA keys.
pub(super) fn random_prime(random: &mut impl RngCore, bits: usize) -> UBig {
    loop {
        let mut digits: Vec<u64> = (0..bits / 64).map(|_| random.next_u64()).collect();
        digits[0] |= 1;
        digits[bits / 64 - 1] |= 3 << 62;
        if let Some(prime) = first_prime(random, &digits, bits * CANDIDATES_PER_BIT) {
            // It may have run over.
            if prime.bit_len() == bits {
                return prime;
            }
        }
    }
}

/// The first usable prime among so many odd numbers from an odd one on; its digits are given lowest first.
fn first_prime(random: &mut impl RngCore, digits: &[u64], count: usize) -> Option<UBig> {
    let start = from_digits(digits);
    let is_composite = sieve(digits, count);
    let candidates = (0..count).filter(|&place| !is_composite[place]);
    candidates
        .map(|place| &start + 2 * place)
        .find(|candidate| candidate % 65_537_u32 != 1 && is_probably_prime(random, candidate))
}

fn from_digits(digits: &[u64]) -> UBig {
    UBig::from_le_bytes(&digits.iter().flat_map(|digit| digit.to_le_bytes()).collect::<Vec<_>>())
}

/// Which of the odd numbers from an odd one on have a small factor?
fn sieve(digits: &[u64], count: usize) -> Vec<bool> {
    let mut is_composite = vec![false; count];
    let limit = sieve_limit(64 * digits.len());
    let mut primes = &SMALL_PRIMES[..SMALL_PRIMES.partition_point(|&prime| prime < limit)];
    while !primes.is_empty() {
        let (together, product) = factors_of_a_digit(primes);
        let rest = remainder(digits, product);
        for &prime in &primes[..together] {
            strike_out_multiples(&mut is_composite, rest % u64::from(prime), prime.into());
        }
        primes = &primes[together..];
    }
    is_composite
}

/// How many of the first numbers have a product of 64 bits, and the product: one long division serves them all.
fn factors_of_a_digit(numbers: &[u32]) -> (usize, u64) {
    let products = numbers.iter().scan(1_u64, |product, &number| {
        *product = product.checked_mul(number.into())?;
        Some(*product)
    });
    products.enumerate().last().map_or((0, 1), |(place, product)| (place + 1, product))
}

/// Marks the multiples of a prime among the odd numbers from one on that leaves such a rest.
fn strike_out_multiples(is_composite: &mut [bool], rest: u64, prime: u64) {
    // start + 2 * place is a multiple of the prime.
    let missing = if rest == 0 { 0 } else { prime - rest };
    let place = if missing.is_multiple_of(2) { missing } else { missing + prime } / 2;
    if (place as usize) < is_composite.len() {
        strike_out(is_composite, place as usize, prime as usize);
    }
}

fn remainder(digits: &[u64], divisor: u64) -> u64 {
    let step = |rest: u64, digit: &u64| (u128::from(rest) << 64 | u128::from(*digit)) % u128::from(divisor);
    digits.iter().rev().fold(0, |rest, digit| step(rest, digit) as u64)
}

/// The test of Miller and Rabin for the base two, which finds nearly all others out, and then for random ones.
fn is_probably_prime(random: &mut impl RngCore, candidate: &UBig) -> bool {
    let ring = MontgomeryRepr::new(candidate.clone());
    let less_one = candidate - 1_u32;
    let zeros = less_one.trailing_zeros().unwrap_or_default();
    let odd = &less_one >> zeros;
    let (one, less_one) = (ring.reduce(1_u32), ring.reduce(less_one));
    (0..TESTS).all(|test| {
        let base = if test == 0 { UBig::from(2_u32) } else { random_base(random, candidate.bit_len()) };
        let mut power = ring.reduce(base).pow(&odd);
        if power == one || power == less_one {
            return true;
        }
        for _ in 1..zeros {
            power = power.sqr();
            if power == less_one {
                return true;
            }
        }
        false
    })
}

/// A number from 2 on of fewer bits than a candidate.
fn random_base(random: &mut impl RngCore, bits: usize) -> UBig {
    let digits: Vec<u64> = (0..bits.div_ceil(64)).map(|_| random.next_u64()).collect();
    let mask = (UBig::ONE << (bits - 1)) - 1_u32;
    (from_digits(&digits) & mask) | 2_u32
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn small_primes_are_all_there() {
        // Of the primes below 2^21, one is even.
        assert_eq!((SMALL_PRIMES.len(), SMALL_PRIMES.last()), (155_611 - 1, Some(&2_097_143)));
        assert_eq!(SMALL_PRIMES[..6], [3, 5, 7, 11, 13, 17]);
        assert_eq!((sieve_limit(1024), sieve_limit(2048), sieve_limit(1 << 20)), (1 << 19, SIEVED, SIEVED));
    }

    #[test]
    fn known_numbers() {
        let random = &mut StdRng::seed_from_u64(2);
        // The first primes behind powers of two.
        for (power, distance) in [(40, 15), (50, 55), (62, 135)] {
            let start = (1_u64 << power) + 1;
            let prime = UBig::from(start - 1 + distance);
            assert_eq!(first_prime(random, &[start], 200), Some(prime), "{power}");
        }
        // A strong pseudoprime to the bases 2, 3, 5 and 7, and a number of Carmichael.
        for composite in [3_215_031_751_u64, 9_746_347_772_161] {
            assert!(!is_probably_prime(random, &composite.into()), "{composite}");
        }
        let mersenne = |power: usize| (UBig::ONE << power) - 1_u32;
        assert!(is_probably_prime(random, &mersenne(521)) && !is_probably_prime(random, &mersenne(523)));
    }

    #[test]
    fn the_sieve_strikes_out_what_has_a_small_factor() {
        let digits = [u64::MAX - 4_000, 17];
        let is_composite = sieve(&digits, 1000);
        let limit = sieve_limit(128);
        for (place, is_composite) in is_composite.into_iter().enumerate() {
            let number = from_digits(&digits) + 2 * place;
            let mut primes = SMALL_PRIMES.iter().take_while(|prime| **prime < limit);
            assert_eq!(is_composite, primes.any(|prime| &number % prime == 0), "{number}");
        }
    }

    #[test]
    fn random_primes_have_their_bits() {
        let mut random = StdRng::seed_from_u64(1);
        for bits in [64, 128, 512] {
            let prime = random_prime(&mut random, bits);
            assert_eq!(prime.bit_len(), bits);
            assert!(prime.bit(bits - 2) && is_probably_prime(&mut random, &prime));
        }
    }

    #[test]
    fn bases_are_smaller_than_the_candidate() {
        let mut random = StdRng::seed_from_u64(3);
        for bits in [2, 3, 64, 65, 100] {
            let base = random_base(&mut random, bits);
            assert!(base > UBig::ONE && base.bit_len() <= bits.max(2), "{base} of {bits} bits");
        }
    }
}
