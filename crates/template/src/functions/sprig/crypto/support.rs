//! Chance for libraries that know an older form of it, and base 64 with Go's errors.

use rand::RngCore;
use rand::rngs::StdRng;
use rsa::rand_core;

use crate::functions::sprig::encoding::decode64;

/// The execution's source of chance.
pub(super) struct Random<'a>(pub(super) &'a mut StdRng);

impl rand_core::RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Random<'_> {}

/// Decodes base 64; line breaks are skipped.
///
/// # Errors
/// The text of Go's error.
pub(super) fn decode_base_64(text: &[u8]) -> Result<Vec<u8>, String> {
    decode64(text).map_err(|at| format!("illegal base64 data at input byte {at}"))
}
