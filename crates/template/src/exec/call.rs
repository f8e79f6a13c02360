use jiff::Timestamp;
use rand::rngs::StdRng;

use super::Execution;
use crate::error::Error;
use crate::limits::Budget;
use crate::value::{Map, Text, Value};

/// What a function may ask of the execution that calls it.
pub struct Call<'a> {
    pub(super) execution: &'a mut Execution,
}

impl<'a> Call<'a> {
    /// A call from outside a template.
    pub fn new(execution: &'a mut Execution) -> Self {
        Self { execution }
    }

    /// What is left of the limits. Functions claim the bytes of what they make before they make it.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.execution.budget
    }

    /// Executes the template of a name.
    ///
    /// # Errors
    /// Those of [`Execution::execute`].
    pub fn execute(&mut self, name: &[u8], data: Value) -> Result<Text, Error> {
        self.execution.execute(name, data)
    }

    /// Executes a text as a template.
    ///
    /// # Errors
    /// Those of [`Execution::execute_text`].
    pub fn execute_text(&mut self, text: &Text, data: Value) -> Result<Text, Error> {
        self.execution.execute_text(text, data)
    }

    /// Says that a map was changed after it was made. It is emptied when the execution ends, so that maps which hold
    /// themselves are freed.
    pub fn changed(&mut self, map: &Map) {
        self.execution.changed.push(map.downgrade());
    }

    /// Where chance comes from.
    pub fn random(&mut self) -> &mut StdRng {
        &mut self.execution.random
    }

    /// The time that templates see.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.execution.now.unwrap_or_else(Timestamp::now)
    }
}
