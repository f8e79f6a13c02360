//! Large primes, for RSA keys.
//!
//! A sieve over the numbers behind a random one leaves few that are worth a test, and a test of most of those is one
//! exponentiation. The time it takes depends on the prime, as it does with most libraries.

use std::sync::LazyLock;

use num_bigint::BigUint;
use rand::RngCore;

/// The primes that the sieve strikes out with lie below this.
const SIEVED: u32 = 1 << 16;

/// Odd numbers behind a random one that are looked at before another one is taken, for each bit. A prime is among them
/// but for one time in a hundred.
const CANDIDATES_PER_BIT: usize = 2;

/// Tests that a prime has to pass. Of numbers that are found by chance far fewer than one in 2^100 of these sizes
/// passes as many and is none (Damgård, Landrock, Pomerance 1993).
const TESTS: usize = 8;

/// The odd primes below [`SIEVED`].
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut is_composite = vec![false; SIEVED as usize];
    let mut primes = Vec::new();
    for number in (3..SIEVED).step_by(2) {
        if !is_composite[number as usize] {
            primes.push(number);
            strike_out(&mut is_composite, number as usize, number as usize);
        }
    }
    primes
});

/// Marks a position and all that follow at a distance.
fn strike_out(is_composite: &mut [bool], first: usize, distance: usize) {
    is_composite.iter_mut().skip(first).step_by(distance).for_each(|mark| *mark = true);
}

/// A random prime of so many bits (a multiple of 32) of which the two highest are set, so that two of them multiply to
/// twice as many bits. One less than it is no multiple of 65,537, the exponent of RSA keys.
pub(super) fn random_prime(random: &mut impl RngCore, bits: usize) -> BigUint {
    loop {
        let mut digits: Vec<u32> = (0..bits / 32).map(|_| random.next_u32()).collect();
        digits[0] |= 1;
        digits[bits / 32 - 1] |= 3 << 30;
        if let Some(prime) = first_prime(&digits, bits * CANDIDATES_PER_BIT) {
            // It may have run over.
            if prime.bits() == bits as u64 {
                return prime;
            }
        }
    }
}

/// The first usable prime among so many odd numbers from an odd one on; its digits are given lowest first.
fn first_prime(digits: &[u32], count: usize) -> Option<BigUint> {
    let start = BigUint::from_slice(digits);
    let is_composite = sieve(digits, count);
    let candidates = (0..count).filter(|&place| !is_composite[place]);
    candidates
        .map(|place| &start + 2 * place)
        .find(|candidate| candidate % 65_537_u32 != BigUint::from(1_u32) && is_probably_prime(candidate))
}

/// Which of the odd numbers from an odd one on have a small factor?
fn sieve(digits: &[u32], count: usize) -> Vec<bool> {
    let mut is_composite = vec![false; count];
    for &prime in &*SMALL_PRIMES {
        let rest = remainder(digits, prime);
        // start + 2 * place is a multiple of the prime.
        let missing = (prime - rest) % prime;
        let place = if missing.is_multiple_of(2) { missing } else { missing + prime } / 2;
        strike_out(&mut is_composite, place as usize, prime as usize);
    }
    is_composite
}

fn remainder(digits: &[u32], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let rest = digits.iter().rev().fold(0, |rest, &digit| (rest << 32 | u64::from(digit)) % divisor);
    u32::try_from(rest).expect("less than the divisor")
}

/// The test of Miller and Rabin for the first small bases.
fn is_probably_prime(candidate: &BigUint) -> bool {
    let less_one = candidate - 1_u32;
    let zeros = less_one.trailing_zeros().unwrap_or_default();
    let odd = &less_one >> zeros;
    let mut bases = std::iter::once(2).chain(SMALL_PRIMES.iter().copied()).take(TESTS);
    bases.all(|base| {
        let mut power = BigUint::from(base).modpow(&odd, candidate);
        if power == BigUint::from(1_u32) || power == less_one {
            return true;
        }
        for _ in 1..zeros {
            power = &power * &power % candidate;
            if power == less_one {
                return true;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn known_numbers() {
        let digits = |number: u64| [number as u32, (number >> 32) as u32];
        // The first primes behind powers of two.
        for (power, distance) in [(40, 15), (50, 55), (62, 135)] {
            let start = (1_u64 << power) + 1;
            assert_eq!(
                first_prime(&digits(start), 200),
                Some(BigUint::from(start - 1 + distance)),
                "{power}"
            );
        }
        // A strong pseudoprime to the bases 2, 3, 5 and 7, and a number of Carmichael.
        for composite in [3_215_031_751_u64, 9_746_347_772_161] {
            assert!(!is_probably_prime(&composite.into()), "{composite}");
        }
        let mersenne = |power: u32| (BigUint::from(1_u32) << power) - 1_u32;
        assert!(is_probably_prime(&mersenne(521)) && !is_probably_prime(&mersenne(523)));
    }

    #[test]
    fn random_primes_have_their_bits() {
        let mut random = StdRng::seed_from_u64(1);
        for bits in [64, 96, 512] {
            let prime = random_prime(&mut random, bits);
            assert_eq!(prime.bits(), bits as u64);
            assert!(prime.bit(bits as u64 - 2) && is_probably_prime(&prime));
        }
    }
}
