use std::ops::Deref;
use std::rc::Rc;

/// A `[]uint8`, in whatever holds it: a chart's files are not copied. Copies share the bytes.
#[derive(Clone)]
pub struct ByteSlice(Rc<dyn AsRef<[u8]>>);

impl ByteSlice {
    /// The bytes that something holds.
    pub fn new(holder: impl AsRef<[u8]> + 'static) -> Self {
        Self(Rc::new(holder))
    }
}

impl Default for ByteSlice {
    fn default() -> Self {
        Self::new([])
    }
}

impl Deref for ByteSlice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl AsRef<[u8]> for ByteSlice {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for ByteSlice {
    fn from(bytes: &[u8]) -> Self {
        Self::new(Box::<[u8]>::from(bytes))
    }
}

impl From<Vec<u8>> for ByteSlice {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl PartialEq for ByteSlice {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
