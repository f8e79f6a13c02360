//! Trees and values to text.

use crate::limits::Budget;

/// What a function may ask of the execution that calls it.
pub struct Call<'a> {
    budget: &'a Budget,
}

impl Call<'_> {
    /// What is left of the limits. Functions claim the bytes of what they make before they make it.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        self.budget
    }
}
