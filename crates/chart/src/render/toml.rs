use chandlery_template::{Error, Map, Text, Value};
pub(super) fn to_toml(_: &Value) -> Result<Text, Error> {
    Err(Error::message("toml"))
}
pub(super) fn from_toml(_: &Text) -> Result<Map, String> {
    Err("toml".to_owned())
}
