use crate::error::Error;
use crate::value::Value;

/// What a template function may return: a value, or a result of one.
pub trait Returned {
    /// The value.
    ///
    /// # Errors
    /// What the function refused.
    fn into_result(self) -> Result<Value, Error>;
}

impl<T: Into<Value>> Returned for T {
    fn into_result(self) -> Result<Value, Error> {
        Ok(self.into())
    }
}

impl<T: Into<Value>, E: Into<Error>> Returned for Result<T, E> {
    fn into_result(self) -> Result<Value, Error> {
        self.map(Into::into).map_err(Into::into)
    }
}
